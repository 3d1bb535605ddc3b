import { RequestMethod } from '@nestjs/common';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { COINFLOW_AUTH_ERRORS } from '../errors/error-statuses.js';
import { SESSION_KEY_HEADER } from '../extraction/session-key-extractor.js';
import { readRoute, type CoinflowAccess } from '../options/route-policy.js';
import { httpCodeOf } from '../util/nest-metadata.js';

// The metadata keys of `@nestjs/swagger` (its exported `DECORATORS`). This package writes to them directly, so that it
// works without `@nestjs/swagger`.
const API_SECURITY = 'swagger/apiSecurity';
const API_RESPONSE = 'swagger/apiResponse';
const API_PARAMETERS = 'swagger/apiParameters';
/** Nest's metadata key of the HTTP method of a route: a method without one is not a route. */
const ROUTE_METHOD = 'method';

/** The name under which protected routes refer to {@link COINFLOW_SESSION_SCHEME} in an OpenAPI document. */
export const COINFLOW_SESSION_SCHEME_NAME = 'coinflow-session';

/**
 * The OpenAPI security scheme of the routes that this package protects, for `@nestjs/swagger`. Declare it once, and
 * Swagger UI asks for a session key.
 * @example
 * new DocumentBuilder().addApiKey(COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME)
 */
export const COINFLOW_SESSION_SCHEME = {
  type: 'apiKey' as const,
  in: 'header',
  name: SESSION_KEY_HEADER,
  description: 'A Coinflow session key of this merchant',
};

interface Response {
  description: string;
  schema?: object;
}

type Responses = Readonly<Record<string, Response>>;
type ErrorEntry = (typeof COINFLOW_AUTH_ERRORS)[keyof typeof COINFLOW_AUTH_ERRORS];
type SecurityRequirement = Record<string, string[]>;

/** The properties of the body of an error. Only the package's own errors have all of them. */
const ERROR_PROPERTIES = ['statusCode', 'message', 'error', 'code'];

/** The errors of the guard, by status. They are the same for every protected route. */
const SESSION_ERRORS = describeErrors(({ status, guard }) => guard && status !== 500);

/** The errors of a webhook route, by status. */
const WEBHOOK_ERRORS: Responses = {
  ...describeErrors((error) => 'webhook' in error),
  500: {
    description: 'An event handler failed, or `COINFLOW_MISCONFIGURED`. Coinflow sends the event again',
    schema: errorSchema(500, ['COINFLOW_MISCONFIGURED'], ['statusCode', 'message']),
  },
};
const WEBHOOK_ACKNOWLEDGED = 'The event is acknowledged, also if it is a duplicate';

const SIGNATURE_HEADER = {
  in: 'header',
  name: 'Coinflow-Signature',
  required: false,
  schema: { type: 'string', example: 't=1717012345,v1=...' },
  description: 'HMAC-SHA256 of the time and the raw body',
};

const WEBHOOK_BODY = {
  in: 'body',
  type: String,
  required: true,
  schema: {
    type: 'object',
    required: ['eventType', 'category', 'created', 'data'],
    properties: {
      eventType: { type: 'string', example: 'Settled' },
      category: { type: 'string', example: 'Purchase' },
      created: { type: 'string' },
      data: { type: 'object' },
    },
  },
};

/** A successful response or a redirect that the application has documented itself. */
const SUCCESS = /^(?:[23]|default$)/;

/** Documents the session key and the errors of a handler, or of each route of a controller. */
export function documentAccess(target: object, isHandler: boolean): void {
  // The decorators of a method run before its class exists; those of the class then document all its routes.
  if (isHandler) return documentHandler(target, readRoute(target, Object, CoinflowAuthGuard).access);
  const { prototype } = target as { prototype: object };
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value !== 'function' || !Reflect.hasMetadata(ROUTE_METHOD, value as object)) continue;
    documentHandler(value as object, readRoute(value as object, target, CoinflowAuthGuard).access);
  }
}

/** Documents the signature, the event and the responses of a webhook route. */
export function documentWebhook(handler: object): void {
  const parameters = read<object[]>(API_PARAMETERS, handler) ?? [];
  Reflect.defineMetadata(API_PARAMETERS, [...parameters, SIGNATURE_HEADER, WEBHOOK_BODY], handler);
  documentResponses(handler, WEBHOOK_ERRORS, WEBHOOK_ACKNOWLEDGED);
}

function documentHandler(handler: object, access: CoinflowAccess): void {
  if (access === 'public') return;
  const ours: SecurityRequirement[] = [{ [COINFLOW_SESSION_SCHEME_NAME]: [] }];
  // In OpenAPI, an empty requirement makes the others optional.
  if (access === 'optional') ours.unshift({});
  const existing = read<SecurityRequirement[]>(API_SECURITY, handler) ?? [];
  const others = existing.filter((one) => Object.keys(one).some((name) => name !== COINFLOW_SESSION_SCHEME_NAME));
  Reflect.defineMetadata(API_SECURITY, [...ours, ...others], handler);
  documentResponses(handler, SESSION_ERRORS, '');
}

/** Adds responses. Those that the application has documented itself stay as they are. */
function documentResponses(handler: object, errors: Responses, success: string): void {
  // In a microtask, after the decorators above this one: they set the HTTP method and the status of the route.
  void Promise.resolve().then(() => {
    const existing = read<Responses>(API_RESPONSE, handler) ?? {};
    // `@nestjs/swagger` documents the success of a route only when no other response is documented.
    const hasSuccess = Object.keys(existing).some((status) => SUCCESS.test(status));
    const added = hasSuccess ? errors : { [statusOf(handler)]: { description: success }, ...errors };
    Reflect.defineMetadata(API_RESPONSE, { ...added, ...existing }, handler);
  });
}

function statusOf(handler: object): number {
  return httpCodeOf(handler) ?? (read<RequestMethod>(ROUTE_METHOD, handler) === RequestMethod.POST ? 201 : 200);
}

/** The responses of the errors that `isIncluded` selects, by status. */
function describeErrors(isIncluded: (error: ErrorEntry) => boolean): Responses {
  const codes = new Map<number, string[]>();
  for (const [code, error] of Object.entries(COINFLOW_AUTH_ERRORS)) {
    if (isIncluded(error)) codes.set(error.status, [...(codes.get(error.status) ?? []), code]);
  }
  return Object.fromEntries(
    Array.from(codes, ([status, ofStatus]) => {
      const description = ofStatus.map((code) => `\`${code}\``).join(', ');
      return [status, { description, schema: errorSchema(status, ofStatus) }];
    }),
  );
}

function errorSchema(status: number, codes: string[], required = ERROR_PROPERTIES): object {
  const properties = {
    statusCode: { type: 'integer', example: status },
    message: { type: 'string' },
    error: { type: 'string' },
    code: { type: 'string', enum: codes },
  };
  return { type: 'object', required, properties };
}

function read<T>(key: string, target: object): T | undefined {
  return Reflect.getMetadata(key, target) as T | undefined;
}
