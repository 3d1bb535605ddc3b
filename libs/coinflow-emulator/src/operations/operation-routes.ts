import type { FastifyInstance, FastifyPluginCallback, HTTPMethods } from 'fastify';
import { Credentials } from '../credentials.js';
import type { EmulatorParts } from '../emulator-parts.js';
import { httpError } from '../http-error.js';
import { processRequest } from '../process-request.js';
import type { EmulatorResponse } from '../responses.js';
import { checkCredentials, type OperationCaller } from './operation-credentials.js';
import type { MatchedOperation } from './operation-paths.js';
import { OPERATIONS } from './operations.js';

const METHODS: HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Documents for identity checks are larger than Fastify's limit. */
const BODY_LIMIT = 20 * 1_024 * 1_024;

/** All operations share one route: registering 174 routes would take most of the startup time. */
export function operationRoutes(server: FastifyInstance, parts: EmulatorParts): void {
  const routes: FastifyPluginCallback = (scope, _options, done) => {
    // A body of any type: most operations do not read it.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    scope.route({
      method: METHODS,
      url: '/api/*',
      bodyLimit: BODY_LIMIT,
      config: { operations: true },
      handler: (request, reply) => {
        const { matched } = request;
        if (!matched) return reply.callNotFound();
        return processRequest(parts, request, reply, () => {
          const credentials = new Credentials(request.headers);
          return respond(matched, credentials, parts);
        });
      },
    });
    done();
  };
  // Fastify searches all loaded modules for the name of an unnamed plugin, which is slow in a test runner.
  server.register(Object.assign(routes, { [Symbol.for('fastify.display-name')]: 'operations' }));
}

function respond(
  { operation, params }: MatchedOperation,
  credentials: Credentials,
  parts: EmulatorParts,
): EmulatorResponse {
  const caller = checkCredentials(OPERATIONS[operation].credential, credentials, parts);
  checkMerchant(params.merchantId, caller, parts);
  return parts.responses.take(operation) ?? { body: {} };
}

/** @throws {HttpError} unless the merchant of the path is known, and the one of the credentials */
function checkMerchant(merchantId: string | undefined, caller: OperationCaller, { merchants }: EmulatorParts): void {
  if (merchantId === undefined) return;
  if (!merchants.withId(merchantId)) throw httpError(404, 'Merchant not found');
  if (caller.merchantId !== undefined && caller.merchantId !== merchantId) {
    throw httpError(401, 'The credentials belong to another merchant');
  }
}
