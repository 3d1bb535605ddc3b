import type { RequestOrClient } from '../budget/rate-limit-client.js';
import type { CallBudget } from '../budget/call-budget.js';
import { statusOf } from '../errors/client-answer.js';
import { CoinflowApiError, CoinflowInvalidArgumentError } from '../errors/coinflow-auth.errors.js';
import { currentApiKey } from '../http/api-key.js';
import type { CoinflowClock } from '../http/clock-skew.js';
import { CoinflowEndpoint } from '../http/endpoint.js';
import { apiTelemetry, type EndpointMetrics } from '../http/telemetry.js';
import { TimeLimit } from '../http/time-limit.js';
import { Transport } from '../http/transport.js';
import type { ErrorLog } from '../metrics/error-log.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { OnceLogger } from '../util/once-logger.js';
import type { SessionWatcher } from '../verification/session-watcher.js';
import type { VerificationResult } from '../verification/verification-result.js';
import { describeCredentials, isDocumented, readCredentials } from './call-credentials.js';
import { resultOf, type SentCall } from './call-outcome.js';
import {
  buildBody,
  buildHeaders,
  buildPath,
  checkTemplate,
  valuesIn,
  type ApiMethod,
  type ContentOptions,
} from './call-request.js';
import { documentedOperation } from './operations.js';

const MAX_RESPONSE_BYTES = 10 * 1_024 * 1_024;
/** Below the limits of usual servers, so that no request goes into a connection that the server is closing: its outcome would be unknown. */
const IDLE_TIMEOUT_MS = 4_000;
const MAX_TIMEOUT_MS = 600_000;
/** Templates come from code. Beyond this number they share one breaker and one series of metrics. */
const MAX_OPERATIONS = 300;
const FURTHER_OPERATIONS = '/{further-operations}';

/** The options of any call. */
export interface AnyCallOptions extends ContentOptions {
  readonly auth: unknown;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const OPTION_NAMES = [
  'auth',
  'params',
  'query',
  'body',
  'clientIp',
  'deviceId',
  'submerchantId',
  'timeoutMs',
  'signal',
] as const satisfies readonly (keyof AnyCallOptions)[];

/** The parts of an instance of the module that calls need. */
export interface ApiParts {
  readonly client: { readonly clock: CoinflowClock };
  readonly sessions: { readonly budget: CallBudget; readonly watcher: SessionWatcher };
  readonly errors: ErrorLog;
  readonly options: ResolvedCoinflowAuthOptions;
  authenticate(
    key: string,
    requirements: { readonly maxAgeMs: number },
    client: RequestOrClient,
  ): VerificationResult | Promise<VerificationResult>;
}

/** A call that was checked and can be sent. */
interface PreparedCall extends SentCall {
  readonly method: ApiMethod;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  /** What Coinflow's message about the call must not bring into a log. */
  readonly secrets: () => readonly string[];
  readonly limit: TimeLimit;
  readonly signal: AbortSignal | undefined;
}

/** Makes the calls of `CoinflowApi`, over connections and breakers of their own. */
export class ApiCaller {
  readonly #parts: ApiParts;
  readonly #transport: Transport;
  readonly #endpoints = new Map<string, CoinflowEndpoint>();
  readonly #warnings = new OnceLogger();

  constructor(parts: ApiParts) {
    this.#parts = parts;
    this.#transport = new Transport(parts.options, {
      maxResponseBytes: MAX_RESPONSE_BYTES,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
    });
  }

  /** The calls so far, by operation. */
  get metrics(): Readonly<Record<string, EndpointMetrics>> {
    return Object.fromEntries(Array.from(this.#endpoints, ([name, { metrics }]) => [name, metrics]));
  }

  /** @returns the body of the response */
  async call(method: ApiMethod, path: string, options: AnyCallOptions): Promise<unknown> {
    const call = this.#prepare(method, path, options);
    call.signal?.throwIfAborted();
    const ended = call.credentials.session && this.#parts.sessions.watcher.checkOf(call.credentials.session)();
    if (ended) throw ended;
    const startedAt = performance.now();
    try {
      return await this.#limited(call);
    } catch (error) {
      const { session } = call.credentials;
      const isRejected = error instanceof CoinflowApiError && error.reason === 'credentials-rejected';
      throw this.#parts.errors.report(
        isRejected && session ? await this.#revalidated(session, error, startedAt) : error,
      );
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#transport.close();
  }

  #prepare(method: ApiMethod, path: string, options: AnyCallOptions): PreparedCall {
    const { merchantId, api } = this.#parts.options;
    assertOptions(options);
    const template = checkTemplate(path);
    const credentials = readCredentials(options.auth, merchantId);
    const name = `${method} ${template}`;
    const operation = documentedOperation(name);
    this.#checkDocumented({ name, operation, credentials });
    const body = buildBody(method, options.body);
    const values = [{ ...options.params }, { ...options.query }, options.deviceId];
    return {
      method,
      name,
      operation,
      credentials,
      path: buildPath(template, options, merchantId),
      headers: { ...credentials.headers, ...buildHeaders(options) },
      body,
      secrets: () => [...credentials.secrets, ...valuesIn([...values, parsed(body)])],
      isRepeatable: method === 'GET' || (operation?.isIdempotent === true && hasIdempotencyKey(body)),
      limit: new TimeLimit(options.timeoutMs ?? api.timeoutMs, options.signal),
      signal: options.signal,
    };
  }

  /** @throws {@link CoinflowInvalidArgumentError} with the option `api.strict`, for credentials or an operation that is not documented */
  #checkDocumented({ name, operation, credentials }: Pick<PreparedCall, 'name' | 'operation' | 'credentials'>): void {
    if (operation && isDocumented(credentials, operation.credential)) return;
    if (this.#parts.options.api.strict) {
      const rule = operation ? 'must be the documented credentials' : 'must be an operation that Coinflow documents';
      throw new CoinflowInvalidArgumentError(
        operation ? 'auth' : 'path',
        `${rule} (api.strict): ${describeCredentials(credentials, operation?.credential)}`,
      );
    }
    this.#warnings.warn(
      `${name} may not work. ${describeCredentials(credentials, operation?.credential)}. [undocumented-call]`,
      { topic: name },
    );
  }

  /** Coinflow limits calls with the API key separately, and grants many. */
  #limited(call: PreparedCall): Promise<unknown> {
    if (call.credentials.hasApiKey) return this.#send(call);
    return this.#parts.sessions.budget.runApiCall(call.credentials.subject, () => this.#send(call));
  }

  async #send(call: PreparedCall): Promise<unknown> {
    const { path, headers, body, secrets, credentials, isRepeatable, limit, signal } = call;
    const endpoint = this.#endpoint(call);
    const outcome = await endpoint.call({
      path,
      headers,
      body,
      limit,
      secrets,
      // Coinflow expects the API key without `Bearer `.
      authorization: credentials.hasApiKey ? (time) => currentApiKey(this.#parts.options, time) : undefined,
      isSingleUse: !isRepeatable,
    });
    return resultOf(call, outcome, { endpoint, limit, signal });
  }

  #endpoint({ method, name }: PreparedCall): CoinflowEndpoint {
    const known = this.#endpoints.get(name);
    if (known) return known;
    const isFull = this.#endpoints.size >= MAX_OPERATIONS && documentedOperation(name) === undefined;
    const operation = isFull ? `${method} ${FURTHER_OPERATIONS}` : name;
    const existing = this.#endpoints.get(operation);
    if (existing) return existing;
    const { options, client } = this.#parts;
    const path = `/api${operation.slice(method.length + 1)}`;
    const endpoint = new CoinflowEndpoint({ method, path }, apiTelemetry(method, path, options.baseUrl), {
      transport: this.#transport,
      clock: client.clock,
      options,
    });
    this.#endpoints.set(operation, endpoint);
    return endpoint;
  }

  /**
   * Coinflow's 401 can be about the session key or about the call. So the key is verified again, once and within the budget.
   * @param startedAt a verification since then is enough: calls that fail together need only one
   * @returns the error of a key that is not valid any more, otherwise the given one
   */
  async #revalidated(session: CoinflowSession, error: CoinflowApiError, startedAt: number): Promise<unknown> {
    const maxAgeMs = Math.floor(performance.now() - startedAt);
    const { error: ended } = await this.#parts.authenticate(session.key, { maxAgeMs }, undefined);
    return ended && statusOf(ended) === 401 ? ended : error;
  }
}

function assertOptions(options: AnyCallOptions): void {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw new CoinflowInvalidArgumentError('options', 'must be an object with auth');
  }
  const unknown = Object.keys(options).find((name) => !(OPTION_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new CoinflowInvalidArgumentError('options', `must have only the fields ${OPTION_NAMES.join(', ')}`);
  }
  const { timeoutMs, signal } = options;
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw new CoinflowInvalidArgumentError('timeoutMs', `must be a whole number from 1 to ${MAX_TIMEOUT_MS}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new CoinflowInvalidArgumentError('signal', 'must be an AbortSignal');
  }
}

/** @param body the body as it is sent: an object can have fields that JSON does not contain */
function hasIdempotencyKey(body: string | undefined): boolean {
  const content = Object(parsed(body)) as { idempotencyKey?: unknown };
  if (!Object.hasOwn(content, 'idempotencyKey')) return false;
  return typeof content.idempotencyKey === 'string' && content.idempotencyKey !== '';
}

function parsed(body: string | undefined): unknown {
  return body === undefined ? undefined : JSON.parse(body);
}
