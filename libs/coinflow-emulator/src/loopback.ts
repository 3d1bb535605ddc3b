import { isIPv4 } from 'node:net';

/** Whether it is an `http:` or `https:` URL of this machine. */
export function isLoopbackUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return /^https?:$/.test(protocol) && isLoopbackName(hostname.replace(/^\[|\]$/g, ''));
}

/** Whether a host name is one of this machine, whatever a name server says. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}
