import { writeErrorHeaders } from '../contexts/http-exception.js';
import type { AnyCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { statusOf } from '../errors/client-answer.js';
import { coinflowErrorOf } from './graphql-exception.js';
import { isObject } from './operation-context.js';
import { challengeOf } from './operation-response.js';

/** What the plugin reads of a `GraphQLError`. */
interface OperationError {
  readonly path?: readonly (string | number)[] | undefined;
  readonly originalError?: unknown;
}

/** What the plugin reads of Apollo's `GraphQLRequestContext`. */
export interface SentOperation {
  readonly requestIsBatched: boolean;
  readonly contextValue: unknown;
  readonly errors?: readonly OperationError[];
  readonly response: {
    readonly http: { status?: number; readonly headers: Map<string, string> };
    readonly body: { readonly kind: string; readonly singleResult?: { readonly data?: unknown } };
  };
}

/** A plugin of Apollo Server 5, as the option `plugins` of `GraphQLModule` accepts it. */
export interface CoinflowStatusPlugin {
  requestDidStart(): Promise<{ willSendResponse(operation: SentOperation): Promise<void> }>;
}

const OK = 200;

/**
 * Sets the HTTP status of a GraphQL response that has no data because of errors of this package: 401, 403, 429, 500 or 503,
 * with `WWW-Authenticate` or `Retry-After`. A response with data keeps 200, as every response does without the plugin. So do
 * the responses of a batch, which have one status for all of their operations.
 *
 * No data means that `data` is `null`, or that every field of the operation itself has failed.
 * @example
 * GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, plugins: [coinflowStatusPlugin()] })
 */
export function coinflowStatusPlugin(): CoinflowStatusPlugin {
  return {
    requestDidStart: () =>
      Promise.resolve({
        async willSendResponse(operation) {
          // The driver of Nest has a plugin that sets 200 in the same step, after this one has started.
          await Promise.resolve();
          writeStatus(operation);
        },
      }),
  };
}

function writeStatus(operation: SentOperation): void {
  const { http } = operation.response;
  const error = operation.requestIsBatched ? undefined : errorInsteadOfData(operation);
  if (!error || (http.status ?? OK) !== OK) return;
  const status = statusOf(error);
  http.status = status;
  writeErrorHeaders(
    { getHeader: (name) => http.headers.get(name), header: (name, value) => http.headers.set(name, value) },
    error,
  );
  const challenge = isObject(operation.contextValue) ? challengeOf(operation.contextValue) : undefined;
  if (status === 401 && challenge !== undefined) http.headers.set('WWW-Authenticate', challenge);
}

/**
 * The error of this package because of which a response has no data; `undefined` if it has data, or other errors. Of several
 * it is the one with the highest status, so that an outage is not answered as a 401.
 */
function errorInsteadOfData({ errors = [], response: { body } }: SentOperation): AnyCoinflowAuthError | undefined {
  if (body.kind !== 'single' || hasData(body.singleResult?.data, errors)) return undefined;
  const own = errors.map(coinflowErrorOf);
  if (!own.every((error) => error !== undefined)) return undefined;
  return own.toSorted((one, other) => statusOf(other) - statusOf(one))[0];
}

/** Whether a field of the operation itself has a value. It can also be a `null` without an error. */
function hasData(data: unknown, errors: readonly OperationError[]): boolean {
  const failed = new Set(errors.map(({ path }) => path?.[0]));
  return Object.entries(Object(data) as object).some(([field, value]) => value !== null || !failed.has(field));
}
