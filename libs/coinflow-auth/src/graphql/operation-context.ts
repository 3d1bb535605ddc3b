import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { ResponseWithHeaders } from '../options/context-contracts.js';

/** The response of Express or Fastify. */
export interface HttpResponse extends ResponseWithHeaders {
  /** Whether the headers are on their way: on Express, and on Fastify. */
  readonly headersSent?: boolean;
  readonly sent?: boolean;
}

/** What the context of an operation can contain, as Nest creates it or as an application does. Nothing of it is certain. */
export interface OperationContext {
  readonly req?: unknown;
  readonly request?: unknown;
  readonly res?: unknown;
  readonly reply?: unknown;
  readonly connectionParams?: unknown;
}

/** The arguments of a reference resolver, which has no argument for the arguments of the field: reference, context, info. */
const REFERENCE_RESOLVER_ARGUMENTS = 3;

/**
 * The context of the operation, among the arguments of a resolver.
 * @returns an empty object if the application's context is no object
 */
export function operationContextOf(args: readonly unknown[]): OperationContext {
  const context = args.length === REFERENCE_RESOLVER_ARGUMENTS ? args[1] : args[2];
  return isObject(context) ? context : {};
}

/** Whether a resolver runs for a subscription. The last argument of each resolver is its `GraphQLResolveInfo`. */
export function isSubscription(args: readonly unknown[]): boolean {
  const { operation } = Object(args.at(-1)) as { operation?: { operation?: unknown } };
  return operation?.operation === 'subscription';
}

/** The request of an operation over HTTP, and its response, if the context leads to it. */
export function httpRequestOf(
  operation: OperationContext,
): { request: RequestWithHeaders; response: HttpResponse | undefined } | undefined {
  const request = [operation.req, operation.request].find(isRequest);
  if (!request) return undefined;
  // Express keeps the response on the request. Of Fastify's request, Nest's context has no response.
  const response = [operation.res, operation.reply, request.res].find(isResponse);
  return { request, response };
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function isRequest(value: unknown): value is RequestWithHeaders & { readonly res?: unknown } {
  return isObject((value as Partial<RequestWithHeaders> | undefined | null)?.headers);
}

function isResponse(value: unknown): value is HttpResponse {
  const { getHeader, header } = Object(value) as Partial<HttpResponse>;
  return typeof getHeader === 'function' && typeof header === 'function';
}
