import type { FastifyInstance, FastifyPluginCallback, FastifyRequest, HTTPMethods } from 'fastify';
import { Credentials } from '../credentials.js';
import type { EmulatorParts } from '../emulator-parts.js';
import { httpError } from '../http-error.js';
import { processRequest } from '../process-request.js';
import type { EmulatorResponse } from '../responses.js';
import { blockCustomer } from './blocks.js';
import { cardCheckout } from './card-checkout.js';
import type { OperationCall, OperationHandler } from './operation-call.js';
import { checkCredentials, type OperationCaller } from './operation-credentials.js';
import { OPERATIONS, type EmulatorOperation } from './operations.js';
import { getWithdrawer } from './withdrawers.js';

/** The operations that do more than to check their credentials. */
const EMULATED: Readonly<Partial<Record<EmulatorOperation, OperationHandler>>> = {
  'GET /customer/v2': ({ caller }, { customers }) => ({ body: { customer: customers.find(caller) ?? null } }),
  'GET /withdraw': getWithdrawer,
  'POST /checkout/card/{merchantId}': cardCheckout,
  'PUT /merchant/blocked/{customerId}': blockCustomer,
};

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
          const call = { params: matched.params, body: bodyOf(request.body), origin: originOf(request) };
          return respond(matched.operation, new Credentials(request.headers), call, parts);
        });
      },
    });
    done();
  };
  // Fastify searches all loaded modules for the name of an unnamed plugin, which is slow in a test runner.
  server.register(Object.assign(routes, { [Symbol.for('fastify.display-name')]: 'operations' }));
}

function respond(
  operation: EmulatorOperation,
  credentials: Credentials,
  call: Omit<OperationCall, 'caller'>,
  parts: EmulatorParts,
): EmulatorResponse {
  const { credential, statuses } = OPERATIONS[operation];
  const caller = checkCredentials(credential, credentials, parts);
  checkMerchant(call.params.merchantId, caller, parts);
  if (statuses.includes(423) && isBlocked(caller, call.params.merchantId, parts)) {
    throw httpError(423, 'Customer is blocked');
  }
  const canned = parts.responses.take(operation);
  if (canned) return canned;
  return EMULATED[operation]?.({ ...call, caller }, parts) ?? { body: {} };
}

/** A session key without a merchant is one of the merchant in the path. */
function isBlocked(caller: OperationCaller, merchantId: string | undefined, { blocks }: EmulatorParts): boolean {
  return blocks.isBlocked({ ...caller, merchantId: caller.merchantId ?? merchantId });
}

/** @throws `HttpError` unless the merchant of the path is known, and the one of the credentials */
function checkMerchant(merchantId: string | undefined, caller: OperationCaller, { merchants }: EmulatorParts): void {
  if (merchantId === undefined) return;
  if (!merchants.withId(merchantId)) throw httpError(404, 'Merchant not found');
  if (caller.merchantId !== undefined && caller.merchantId !== merchantId) {
    throw httpError(401, 'The credentials belong to another merchant');
  }
}

function bodyOf(body: unknown): Buffer | undefined {
  return Buffer.isBuffer(body) ? body : undefined;
}

function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}
