import { SocketAddress, isIPv6 } from 'node:net';

const GROUPS = 8;
const GROUPS_OF_NETWORK = 4;

/**
 * What a client is counted by: an IPv4 address, or the /64 of an IPv6 address, because a client has all addresses of its
 * /64. What is no address is left as it is.
 */
export function clientNetwork(ip: string): string {
  if (!isIPv6(ip)) return ip;
  // The one way to write it: lower case, no leading zeros, no zone.
  const { address } = new SocketAddress({ address: ip, family: 'ipv6' });
  const [, ipv4] = /^::ffff:([\d.]+)$/.exec(address) ?? [];
  if (ipv4) return ipv4;
  const [before = [], after = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].slice(0, GROUPS_OF_NETWORK).join(':');
}
