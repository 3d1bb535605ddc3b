import type { FastifyRequest } from 'fastify';
import type { EmulatorControl } from '../emulator-options.js';
import { hostName } from '../hosts.js';
import { isLoopbackName as isLoopback } from '../loopback.js';
import { refused, type Refusal } from '../refusal.js';

/**
 * Lets programs through that mean the emulator, and no page of the web that happens to be open in a browser beside it.
 * @returns why not, otherwise
 */
export function whyNotControl(
  request: FastifyRequest,
  control: EmulatorControl,
  names: readonly string[],
): Refusal | undefined {
  const { remoteAddress = '', localAddress = '' } = request.raw.socket;
  if (control === 'loopback' && !isLoopback(unmapped(remoteAddress))) {
    return refused(403, 'Only from this machine: start the emulator with control “any” to allow others');
  }

  // A page can have its own name point at this machine, and is then of one origin with the emulator. It cannot do so
  // with a name that is not its own.
  const name = hostName(request.headers.host);
  if (!isLoopback(name) && !names.includes(name) && name !== unmapped(localAddress)) {
    return refused(
      421,
      `Call it by a loopback name, by the address it listens at, or start the emulator with --allow-host ${name}`,
    );
  }

  const { origin, host, 'sec-fetch-site': site = '' } = request.headers;
  const isForeignOrigin = origin !== undefined && origin !== `http://${host}`;
  if (isForeignOrigin || site === 'cross-site' || site === 'same-site') {
    return refused(403, 'Not from a page of another origin');
  }

  // A form can send other types from any page without asking first.
  if (request.method === 'POST' && !/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return refused(415, 'Send content-type: application/json');
  }
  return undefined;
}

/** An IPv4 address as a socket for both families writes it. */
function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
