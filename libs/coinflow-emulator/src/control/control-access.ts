import type { FastifyRequest } from 'fastify';
import type { EmulatorControl } from '../emulator-options.js';
import { hostName, isLoopbackName } from '../hosts.js';
import { httpError, type HttpError } from '../http-error.js';

/**
 * Checks that a request to the control API comes from an allowed program, and not from a website in a browser.
 * @returns the error response if it is rejected
 */
export function rejectControl(
  request: FastifyRequest,
  control: EmulatorControl,
  names: readonly string[],
): HttpError | undefined {
  const { remoteAddress = '', localAddress = '' } = request.raw.socket;
  if (control === 'loopback' && !isLoopbackName(unmapped(remoteAddress))) {
    return httpError(
      403,
      'The control API accepts requests from this machine only. To allow others, use control "any".',
    );
  }

  // DNS rebinding: a website can point its own name at this machine. It then has the same origin as the emulator.
  const name = hostName(request.headers.host);
  if (!isLoopbackName(name) && !names.includes(name) && name !== unmapped(localAddress)) {
    return httpError(
      421,
      `Use a loopback name or the address that the emulator listens on, or start it with --allow-host ${name}.`,
    );
  }

  const { origin, host, 'sec-fetch-site': site = '' } = request.headers;
  const isCrossOrigin = origin !== undefined && origin !== `http://${host}`;
  if (isCrossOrigin || site === 'cross-site' || site === 'same-site') {
    return httpError(403, 'The control API rejects requests from pages of another origin.');
  }

  // A form on any page can send other content types without a CORS preflight.
  if (request.method === 'POST' && !/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return httpError(415, 'Send content-type: application/json.');
  }
  return undefined;
}

/** Removes the prefix that a dual-stack socket adds to an IPv4 address. */
function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
