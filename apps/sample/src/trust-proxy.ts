import { isIP } from 'node:net';
import { Logger } from '@nestjs/common';

/** The proxies whose forwarding headers are trusted, as Express and Fastify both accept it. */
export type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean);

const NAMES = ['loopback', 'linklocal', 'uniquelocal'];

/**
 * Parses `TRUST_PROXY`: a number of proxies, their addresses and subnets, or `true` to trust every client.
 * @throws {Error} for any other value
 */
export function readTrustProxy(value = ''): TrustProxy {
  const text = value.trim();
  if (text === '' || text === 'false') return false;
  if (text === 'true') {
    new Logger('Sample').warn(
      'TRUST_PROXY=true lets every client forge its address. Set the number of proxies or their addresses instead.',
    );
    return true;
  }
  // A function, because Fastify trusts no proxy when it gets a number.
  if (/^\d+$/.test(text)) return (_, hop) => hop < Number(text);
  const proxies = text.split(',').map((proxy) => proxy.trim());
  if (proxies.every((proxy) => NAMES.includes(proxy) || isSubnet(proxy))) return proxies;
  throw new Error(
    `TRUST_PROXY is "${value}". Set it to a number of proxies, to addresses or subnets separated by commas ` +
      `(10.0.0.0/8, 2001:db8::/32, ${NAMES.join(', ')}), or to true.`,
  );
}

function isSubnet(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}
