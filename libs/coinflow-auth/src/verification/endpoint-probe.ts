import { randomBytes } from 'node:crypto';
import type { TokenVerifier } from '../http/coinflow-client.js';
import { CoinflowMisconfiguredError, CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';

/**
 * Checks that the endpoint rejects invalid keys. A captive portal or a wrong URL may respond with 200 to everything, which
 * would authenticate every key. So before the first acceptance counts, the endpoint must have rejected a random session key. That
 * takes one call each time a replica starts.
 */
export class EndpointProbe {
  readonly #coinflow: Pick<TokenVerifier, 'verifyToken'>;
  readonly #merchantId: string;
  #hasRejected = false;
  #probe: Promise<void> | undefined;

  constructor(coinflow: Pick<TokenVerifier, 'verifyToken'>, merchantId: string) {
    this.#coinflow = coinflow;
    this.#merchantId = merchantId;
  }

  /** @throws {@link CoinflowMisconfiguredError} when the endpoint accepts a random key; the error of the call when it fails */
  async run(): Promise<void> {
    if (this.#hasRejected) return;
    this.#probe ??= this.#sendRandomKey().finally(() => (this.#probe = undefined));
    await this.#probe;
  }

  async #sendRandomKey(): Promise<void> {
    try {
      await this.#coinflow.verifyToken(randomKey(this.#merchantId));
    } catch (error) {
      if (!(error instanceof CoinflowSessionRejectedError)) throw error;
      this.#hasRejected = true;
      return;
    }
    throw new CoinflowMisconfiguredError(
      'Verify Token accepts a random session key: the endpoint that responds is not Coinflow',
      {
        reason: 'accepts-any-key',
        action:
          'Check the options env and baseUrl (COINFLOW_ENV, COINFLOW_BASE_URL), and the proxies between the application and Coinflow.',
      },
    );
  }
}

/** A key that is correct except for its signature, so that only an endpoint that verifies signatures rejects it. */
function randomKey(merchantId: string): string {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { customerId: randomBytes(8).toString('hex'), merchantId, iat, exp: iat + 86_400 };
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, randomBytes(32).toString('base64url')].join('.');
}
