import { isIPv4 } from 'node:net';

/** Whether a host name is one of this machine, whatever a name server says. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}
