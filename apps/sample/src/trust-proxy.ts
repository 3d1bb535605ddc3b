import { isIP } from 'node:net';
import { Logger } from '@nestjs/common';

/** Which proxies are believed when they say for whom they ask, as Express and Fastify both take it. */
export type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean);

const NAMES = ['loopback', 'linklocal', 'uniquelocal'];

/**
 * What `TRUST_PROXY` says: how many proxies there are, their addresses and subnets, or `true` for whoever asks.
 * @throws {Error} when it says something else
 */
export function readTrustProxy(value = ''): TrustProxy {
  const text = value.trim();
  if (text === '' || text === 'false') return false;
  if (text === 'true') {
    new Logger('Sample').warn(
      'TRUST_PROXY=true: anybody may name an address as theirs. Give the number of proxies, or their addresses.',
    );
    return true;
  }
  // A function, since Fastify trusts nobody when it is given a number.
  if (/^\d+$/.test(text)) return (_, hop) => hop < Number(text);
  const proxies = text.split(',').map((proxy) => proxy.trim());
  if (proxies.every((proxy) => NAMES.includes(proxy) || isSubnet(proxy))) return proxies;
  throw new Error(
    `TRUST_PROXY is “${value}”: give a number of proxies, addresses or subnets separated by commas ` +
      `(10.0.0.0/8, 2001:db8::/32, ${NAMES.join(', ')}), or true.`,
  );
}

function isSubnet(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}
