import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { COINFLOW_AUTH_ERRORS } from '../errors/error-catalogue.js';
import { SESSION_KEY_HEADER } from '../extraction/session-key-extractor.js';
import { readRoute, type CoinflowAccess } from '../options/route-metadata.js';

// Where `@nestjs/swagger` keeps what its own decorators say (its exported `DECORATORS`). Written directly: the package
// need not be installed, and is never loaded.
const API_SECURITY = 'swagger/apiSecurity';
const API_RESPONSE = 'swagger/apiResponse';
/** Where Nest keeps the HTTP method of a route: what has none is no route. */
const ROUTE_METHOD = 'method';

/** The name under which protected routes refer to {@link COINFLOW_SESSION_SCHEME} in an OpenAPI document. */
export const COINFLOW_SESSION_SCHEME_NAME = 'coinflow-session';

/**
 * The security scheme of the routes that this package protects, for `@nestjs/swagger`: declare it once, and Swagger UI
 * asks for a session key.
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
  schema: object;
}

type SecurityRequirement = Record<string, string[]>;

/** Every answer that the guard may give, by status. The same for every route. */
const RESPONSES = describeResponses();

/** Says in the OpenAPI document what a handler, or each route of a controller, asks for and may answer. */
export function documentAccess(target: object, isHandler: boolean): void {
  // Of a handler alone: its class is not there yet, and says its part when it is.
  if (isHandler) return documentHandler(target, readRoute(target, Object, CoinflowAuthGuard).access);
  const { prototype } = target as { prototype: object };
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value !== 'function' || !Reflect.hasMetadata(ROUTE_METHOD, value as object)) continue;
    documentHandler(value as object, readRoute(value as object, target, CoinflowAuthGuard).access);
  }
}

function documentHandler(handler: object, access: CoinflowAccess): void {
  if (access === 'public') return;
  const ours: SecurityRequirement[] = [{ [COINFLOW_SESSION_SCHEME_NAME]: [] }];
  // An empty requirement is OpenAPI's way to say "or nothing".
  if (access === 'optional') ours.unshift({});
  const others = read<SecurityRequirement[]>(API_SECURITY, handler) ?? [];
  const theirs = others.filter((one) => Object.keys(one).some((name) => name !== COINFLOW_SESSION_SCHEME_NAME));
  Reflect.defineMetadata(API_SECURITY, [...ours, ...theirs], handler);
  // What the user has written about a status stays.
  Reflect.defineMetadata(API_RESPONSE, { ...RESPONSES, ...read<object>(API_RESPONSE, handler) }, handler);
}

function describeResponses(): Record<string, Response> {
  const codes = new Map<number, string[]>();
  for (const [code, { status, guard }] of Object.entries(COINFLOW_AUTH_ERRORS)) {
    if (guard && status !== 500) codes.set(status, [...(codes.get(status) ?? []), code]);
  }
  return Object.fromEntries(Array.from(codes, ([status, ofStatus]) => [status, describeResponse(status, ofStatus)]));
}

function describeResponse(status: number, codes: string[]): Response {
  const properties = {
    statusCode: { type: 'integer', example: status },
    message: { type: 'string' },
    error: { type: 'string' },
    code: { type: 'string', enum: codes },
  };
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    schema: { type: 'object', required: Object.keys(properties), properties },
  };
}

function read<T>(key: string, target: object): T | undefined {
  return Reflect.getMetadata(key, target) as T | undefined;
}
