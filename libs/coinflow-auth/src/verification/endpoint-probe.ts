import { randomBytes } from 'node:crypto';
import type { TokenVerifier } from '../http/coinflow-client.js';
import { CoinflowMisconfiguredError, CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';

/**
 * Believes a yes only of something that can also say no. A captive portal, or a wrong URL, may answer 200 to everything:
 * before the first yes counts, a made-up session key must have been refused. Once per process.
 */
export class EndpointProbe {
  readonly #client: Pick<TokenVerifier, 'verifyToken'>;
  readonly #merchantId: string;
  #trusted = false;
  #probe: Promise<void> | undefined;

  constructor(client: Pick<TokenVerifier, 'verifyToken'>, merchantId: string) {
    this.#client = client;
    this.#merchantId = merchantId;
  }

  /** @throws {CoinflowMisconfiguredError} when a made-up key is called valid, or whatever kept the probe from an answer */
  async establish(): Promise<void> {
    if (this.#trusted) return;
    this.#probe ??= this.#rejectsARandomKey().finally(() => (this.#probe = undefined));
    await this.#probe;
  }

  async #rejectsARandomKey(): Promise<void> {
    try {
      await this.#client.verifyToken(randomKey(this.#merchantId));
    } catch (error) {
      if (!(error instanceof CoinflowSessionRejectedError)) throw error;
      this.#trusted = true;
      return;
    }
    throw new CoinflowMisconfiguredError(
      'Verify Token calls a made-up session key valid: what answers is not Coinflow',
      {
        reason: 'accepts-any-key',
        action:
          'Check the options env and baseUrl (COINFLOW_ENV, COINFLOW_BASE_URL), and what stands between you and Coinflow.',
      },
    );
  }
}

/** Right in everything but its signature, so that only a server that checks signatures refuses it. */
function randomKey(merchantId: string): string {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { customerId: randomBytes(8).toString('hex'), merchantId, iat, exp: iat + 86_400 };
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, randomBytes(32).toString('base64url')].join('.');
}
