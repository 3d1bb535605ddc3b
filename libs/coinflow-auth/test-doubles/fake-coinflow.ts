import type { SessionKeyRequest, SessionKeySource, TokenVerifier } from '../src/http/coinflow-client.js';
import { CoinflowSessionRejectedError, CoinflowUnavailableError } from '../src/errors/coinflow-auth.errors.js';

export const ACCEPT = (): Promise<void> => Promise.resolve();
export const REJECT = (): Promise<void> =>
  Promise.reject(new CoinflowSessionRejectedError('no', { reason: 'rejected-by-coinflow' }));
export const DOWN = (): Promise<void> =>
  Promise.reject(new CoinflowUnavailableError('down', { reason: 'reset', retryAfterMs: 1 }));

/** A client of Coinflow without a network. It responds at once, or when a test wants it to. */
export class FakeCoinflow implements TokenVerifier, SessionKeySource {
  /** The response of Verify Token to known keys. */
  response = ACCEPT;
  /** The response of Verify Token to all other keys, such as that of the endpoint probe. */
  responseToOtherKeys = REJECT;
  /** The next response of Get Session Key. */
  nextKey: string | undefined;
  /** Coinflow's clock minus ours. */
  skewMs = 0;
  /** The known keys that Verify Token was called with. */
  readonly calls: string[] = [];
  created = 0;
  readonly known = new Set<string>();

  /** Whether Coinflow's clock is known to the module. */
  isClockKnown = true;
  /** By how much Coinflow's clock may be ahead of what {@link skewMs} says. */
  uncertaintyMs = 0;
  readonly #epoch = Date.now() - performance.now();

  /** Runs by the monotonic clock, as the real one does. */
  readonly clock = {
    now: (): number => (this.isClockKnown ? this.#epoch + performance.now() + this.skewMs : Date.now()),
    latest: (): number | undefined => (this.isClockKnown ? this.clock.now() + this.uncertaintyMs : undefined),
  };

  verifyToken = (key: string): Promise<void> => {
    if (!this.known.has(key)) return this.responseToOtherKeys();
    this.calls.push(key);
    return this.response();
  };

  getSessionKey = ({ subject }: SessionKeyRequest): Promise<string> => {
    this.created += 1;
    const claims = subject.kind === 'user' ? { customerId: subject.userId } : { customerId: undefined, ...subject };
    return Promise.resolve(this.nextKey ?? this.key(claims));
  };

  /** A session key that Coinflow knows. */
  key(claims: Record<string, unknown> = {}): string {
    const iat = Math.floor(this.clock.now() / 1_000);
    return this.know(jwtOf({ customerId: 'alice', merchantId: 'ours', iat, exp: iat + 86_400, ...claims }));
  }

  know(key: string): string {
    this.known.add(key);
    return key;
  }
}

/** A JWT as Coinflow writes it, except for the signature. */
export function jwtOf(claims: Record<string, unknown>): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${'A'.repeat(43)}`;
}
