import { RequestMethod } from '@nestjs/common';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { COINFLOW_AUTH_ERRORS } from '../errors/error-catalogue.js';
import { SESSION_KEY_HEADER } from '../extraction/session-key-extractor.js';
import { readRoute, type CoinflowAccess } from '../options/route-policy.js';

// Where `@nestjs/swagger` keeps what its own decorators say (its exported `DECORATORS`). Written directly: the package
// need not be installed, and is never loaded.
const API_SECURITY = 'swagger/apiSecurity';
const API_RESPONSE = 'swagger/apiResponse';
/** Where Nest keeps the HTTP method of a route: what has none is no route. */
const ROUTE_METHOD = 'method';
/** Where `@HttpCode()` keeps its status. */
const ROUTE_STATUS = '__httpCode__';

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

type ErrorEntry = (typeof COINFLOW_AUTH_ERRORS)[keyof typeof COINFLOW_AUTH_ERRORS];

type SecurityRequirement = Record<string, string[]>;

/** Every answer that the guard may give, by status. The same for every route. */
const RESPONSES = describeErrors(({ status, guard }) => guard && status !== 500);
/** A response of success, or of a redirect, in what the user has written. */
const SUCCESS = /^(?:[23]|default$)/;

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
  // After the decorators above this one: they say what the method and the status of the route are.
  void Promise.resolve().then(() => documentResponses(handler));
}

/** `@nestjs/swagger` describes the success of a route only if nothing else is described. */
function documentResponses(handler: object): void {
  // What the user has written about a status stays.
  const theirs = read<object>(API_RESPONSE, handler) ?? {};
  const success = Object.keys(theirs).some((status) => SUCCESS.test(status)) ? {} : describeSuccess(handler);
  Reflect.defineMetadata(API_RESPONSE, { ...success, ...RESPONSES, ...theirs }, handler);
}

function describeSuccess(handler: object): Record<string, { description: string }> {
  const usual = read<RequestMethod>(ROUTE_METHOD, handler) === RequestMethod.POST ? 201 : 200;
  return { [read<number>(ROUTE_STATUS, handler) ?? usual]: { description: '' } };
}

/** The responses of these errors, by status. */
export function describeErrors(isIncluded: (error: ErrorEntry) => boolean): Record<string, Response> {
  const codes = new Map<number, string[]>();
  for (const [code, error] of Object.entries(COINFLOW_AUTH_ERRORS)) {
    if (isIncluded(error)) codes.set(error.status, [...(codes.get(error.status) ?? []), code]);
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
