import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { refused } from './refusal.js';

/** The name in a `Host` header, in lower case and without its port; empty when there is none. */
export function hostName(host = ''): string {
  const [, ipv6, name = ''] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d+)?$/i.exec(host) ?? [];
  return (ipv6 ?? name).toLowerCase();
}

/**
 * Refuses a request under a name that an attacker could own. Such a name can be made to point at this machine (DNS
 * rebinding), and the attacker's page would then be of one origin with the emulator.
 * @param allowed further names, in lower case
 */
export function checkHost(server: FastifyInstance, allowed: readonly string[]): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const name = hostName(request.headers.host);
    if (isLocalName(name) || allowed.includes(name)) return done();
    done(refused(421, `Unknown host "${name}": if the name is yours, start the emulator with --allow-host ${name}`));
  });
}

/** Whether nobody on the web can own the name: an address, a name without a dot as containers have, or this machine's. */
function isLocalName(name: string): boolean {
  if (name === '') return false;
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost') || name === 'host.docker.internal';
}

/**
 * The host names of an option, in lower case.
 * @throws {RangeError} for one that is no name
 */
export function readHosts(hosts: readonly string[] = [], option = 'allowHosts'): string[] {
  const wrong = hosts.find((host) => !/^[\w-]+(?:\.[\w-]+)*$/.test(host));
  if (wrong !== undefined) {
    throw new RangeError(
      `${option}: "${wrong}" is not a host name: give one without a scheme, a port or a path, such as shop.test.`,
    );
  }
  return hosts.map((host) => host.toLowerCase());
}
