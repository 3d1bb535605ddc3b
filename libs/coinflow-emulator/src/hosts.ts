import { isIP, isIPv4 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { httpError } from './http-error.js';

/** Whether it is an `http:` or `https:` URL of this machine. */
export function isLoopbackUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return /^https?:$/.test(protocol) && isLoopbackName(hostname.replace(/^\[|\]$/g, ''));
}

/** Whether a host name always points at this machine, without a DNS lookup. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/** The name in a `Host` header, in lower case and without its port; empty without a valid header. */
export function hostName(host = ''): string {
  const [, ipv6, name = ''] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d+)?$/i.exec(host) ?? [];
  return (ipv6 ?? name).toLowerCase();
}

/**
 * Rejects requests with a host name that an attacker could own. The attacker could point the name at this machine (DNS
 * rebinding), and pages of the attacker would then have the same origin as the emulator.
 * @param allowed further names, in lower case
 */
export function checkHost(server: FastifyInstance, allowed: readonly string[]): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const name = hostName(request.headers.host);
    if (isLocalName(name) || allowed.includes(name)) return done();
    done(httpError(421, `Unknown host "${name}". If you own it, start the emulator with --allow-host ${name}.`));
  });
}

/** Whether nobody can own the name on the internet: an IP address, a container name without a dot, or a local name. */
function isLocalName(name: string): boolean {
  if (name === '') return false;
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost') || name === 'host.docker.internal';
}
