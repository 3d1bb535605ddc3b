import { isIPv4, isIPv6 } from 'node:net';
import type { RequestWithHeaders } from './session-key-extractor.js';

/** The headers in which proxies send the client's address. */
const FORWARDING_HEADERS = [
  'forwarded',
  'x-forwarded-for',
  'x-real-ip',
  'x-client-ip',
  'cf-connecting-ip',
  'true-client-ip',
];
/** An IPv6 address has eight groups of 16 bits. The first four are its /64 network. */
const IPV6_GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * Whether the address of a request is that of a proxy that the application does not trust. All clients would then look like one.
 * A client can send the same headers itself.
 */
export function isBehindUntrustedProxy({ headers, ip, socket }: RequestWithHeaders): boolean {
  return ip === socket?.remoteAddress && FORWARDING_HEADERS.some((name) => headers[name] !== undefined);
}

/**
 * The network that identifies one client: an IPv4 address, or the /64 of an IPv6 address, in which a client can choose any
 * address.
 * @returns `undefined` for a string that is not an address
 */
export function networkOf(address: string): string | undefined {
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(-2);
  const isMappedIPv4 = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (isMappedIPv4) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** Reads every form of an IPv6 address: shortened, with an IPv4 address at its end, or with a zone. */
function groupsOf(address: string): number[] {
  const [, beforeZone = ''] = /^([^%]*)/.exec(address) ?? [];
  const [before = [], after = []] = beforeZone.split('::').map(parseGroups);
  const zeros = Array.from({ length: IPV6_GROUPS - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}

function parseGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
