import { isIPv4, isIPv6 } from 'node:net';
import type { RequestWithHeaders } from './session-key-extractor.js';

/** With which proxies say for whom they ask. */
const FORWARDING_HEADERS = [
  'forwarded',
  'x-forwarded-for',
  'x-real-ip',
  'x-client-ip',
  'cf-connecting-ip',
  'true-client-ip',
];
/** Groups of 16 bits; the first four are the /64. */
const IPV6_GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * Whether the address of a request is a proxy's, whom the application was not told to trust: all clients would look like
 * one. Headers that a client has made up look the same.
 */
export function isBehindUnknownProxy({ headers, ip, socket }: RequestWithHeaders): boolean {
  return ip === socket?.remoteAddress && FORWARDING_HEADERS.some((name) => headers[name] !== undefined);
}

/**
 * What one client can be told by: an IPv4 address, or the /64 of an IPv6 address, since within it a client has as many
 * addresses as it likes.
 * @returns `undefined` for what is no address
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

/** Of an IPv6 address as it may be written: shortened, with an IPv4 address at its end, with a zone. */
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
