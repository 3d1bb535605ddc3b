import type { OnApplicationShutdown } from '@nestjs/common';
import type { EndpointMetrics } from '../http/telemetry.js';
import type { AnyCallOptions, ApiCaller } from './api-caller.js';
import type { CallOptions, CallResult, PathOf } from './api-types.js';
import type { ApiMethod } from './call-request.js';

/**
 * Calls the rest of Coinflow's API with the right credentials. It resolves with the body of a successful response, and throws
 * otherwise.
 *
 * Paths are templates, as in Coinflow's documentation, below `/api`. `{merchantId}` is that of the options unless `params` has it.
 * `GET` is retried, and so is an operation with an `idempotencyKey` in its body. Nothing else is ever sent twice.
 *
 * With the type that openapi-typescript makes of Coinflow's OpenAPI document, `CoinflowApi<paths>` checks paths, parameters and
 * bodies, and types results. Without it, they are `unknown`.
 * @see https://docs.coinflow.cash
 * @example
 * constructor(private readonly api: CoinflowApi) {}
 *
 * await this.api.post('/checkout/card/{merchantId}', { auth: session, body, clientIp: request.ip, deviceId });
 * await this.api.post('/checkout/card-on-file', { auth: { userId }, body });
 * await this.api.get('/merchant/v2', { auth: [session, 'merchant'] });
 */
export class CoinflowApi<Paths = unknown> implements OnApplicationShutdown {
  readonly #caller: Pick<ApiCaller, 'call' | 'close' | 'metrics'>;

  /** The module calls it. */
  constructor(caller: Pick<ApiCaller, 'call' | 'close' | 'metrics'>) {
    this.#caller = caller;
  }

  /**
   * @returns the body of the response; `undefined` if it is empty
   * @throws {@link CoinflowInvalidArgumentError} when an argument is missing, unknown or cannot be sent; nothing was sent
   * @throws {@link CoinflowApiError} when Coinflow refuses; `reason` says why
   * @throws {@link CoinflowSessionRejectedError}, {@link CoinflowSessionRevokedError} or {@link CoinflowSessionKeyExpiredError} when the session has ended
   * @throws {@link CoinflowUnavailableError}, {@link CoinflowBudgetExhaustedError} or {@link CoinflowTooManyRequestsError} when it can be tried again later
   * @throws {@link CoinflowMisconfiguredError} when the function of the option `apiKey` returns something that cannot be sent
   */
  get<Path extends PathOf<Paths, 'get'>>(
    path: Path,
    options: CallOptions<Paths, Path, 'get'>,
  ): Promise<CallResult<Paths, Path, 'get'>> {
    return this.#call('GET', path, options);
  }

  /**
   * @returns the body of the response; `undefined` if it is empty
   * @throws {@link CoinflowOutcomeUnknownError} when the call was sent and no clear response arrived: do not send it again
   * @throws the errors of {@link get}; the call then had no effect
   */
  post<Path extends PathOf<Paths, 'post'>>(
    path: Path,
    options: CallOptions<Paths, Path, 'post'>,
  ): Promise<CallResult<Paths, Path, 'post'>> {
    return this.#call('POST', path, options);
  }

  /** As {@link post}. */
  put<Path extends PathOf<Paths, 'put'>>(
    path: Path,
    options: CallOptions<Paths, Path, 'put'>,
  ): Promise<CallResult<Paths, Path, 'put'>> {
    return this.#call('PUT', path, options);
  }

  /** As {@link post}. */
  patch<Path extends PathOf<Paths, 'patch'>>(
    path: Path,
    options: CallOptions<Paths, Path, 'patch'>,
  ): Promise<CallResult<Paths, Path, 'patch'>> {
    return this.#call('PATCH', path, options);
  }

  /** As {@link post}. */
  delete<Path extends PathOf<Paths, 'delete'>>(
    path: Path,
    options: CallOptions<Paths, Path, 'delete'>,
  ): Promise<CallResult<Paths, Path, 'delete'>> {
    return this.#call('DELETE', path, options);
  }

  /** The calls since the replica started, by operation. The result is plain JSON. */
  metrics(): Readonly<Record<string, EndpointMetrics>> {
    return this.#caller.metrics;
  }

  /** Closes idle connections. Nest calls it. */
  onApplicationShutdown(): void {
    this.#caller.close();
  }

  #call<Result>(method: ApiMethod, path: string, options: AnyCallOptions): Promise<Result> {
    // Coinflow's document types the result: it is not checked.
    return this.#caller.call(method, path, options) as Promise<Result>;
  }
}
