import type { CoinflowClient } from '../client/coinflow-client.js';
import {
  CoinflowMisconfiguredError,
  CoinflowUnavailableError,
  isCoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { NO_CLAIMS, readClaims, type SessionClaims } from '../session/claims.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { assertSessionKeyShape } from '../session/session-key.js';
import type { MintRequest } from '../session/session-key-subject.js';
import { isSameSubject, type CoinflowSubject } from '../session/subject.js';
import type { SessionVerifier } from '../verification/session-verifier.js';

const RETRY_AFTER_MS = 5_000;

/** Obtains session keys, and compares what Coinflow gave with what was asked for before anybody sees it. */
export class SessionMinter {
  readonly #client: CoinflowClient;
  readonly #verifier: SessionVerifier;
  readonly #options: ResolvedCoinflowAuthOptions;

  constructor(client: CoinflowClient, verifier: SessionVerifier, options: ResolvedCoinflowAuthOptions) {
    this.#client = client;
    this.#verifier = verifier;
    this.#options = options;
  }

  async mint(request: MintRequest, clientIp?: string): Promise<CoinflowSession> {
    const mintedAt = performance.now();
    const { subject } = request;
    const key = await this.#client.getSessionKey(request, clientIp);
    const claims = readMinted(key);
    this.#assertAsAsked(claims, subject);
    // Of a key that names nobody we know all the same whom we asked it for.
    return this.#verifier.rememberMinted(
      key,
      claims.subject ? claims : Object.freeze({ ...claims, subject }),
      mintedAt,
    );
  }

  #assertAsAsked({ merchantId, subject, expiresAt }: SessionClaims, asked: CoinflowSubject): void {
    if (merchantId !== undefined && merchantId !== this.#options.merchantId) {
      throw new CoinflowMisconfiguredError(
        'The API key makes session keys of another merchant than the option merchantId says',
        {
          reason: 'minted-for-another-merchant',
          action:
            'Make the options apiKey and merchantId (COINFLOW_API_KEY, COINFLOW_MERCHANT_ID) those of one merchant.',
        },
      );
    }
    if (subject && !isSameSubject(subject, asked)) {
      throw unusable(
        'Coinflow made the session key for somebody else than it was asked for',
        'minted-for-somebody-else',
      );
    }
    if (expiresAt !== null && expiresAt * 1_000 <= Date.now()) {
      throw unusable('The session key has expired already: is this machine’s clock right?', 'minted-expired');
    }
  }
}

/** An opaque key, or one that cannot be read, says nothing of itself; but it must be one that the guard will take back. */
function readMinted(key: string): SessionClaims {
  try {
    assertSessionKeyShape(key);
  } catch (error) {
    throw unusable('What Coinflow gave does not have the form of a session key', 'minted-malformed', error);
  }
  return readClaims(key) ?? NO_CLAIMS;
}

function unusable(message: string, reason: string, error?: unknown): CoinflowUnavailableError {
  const cause = isCoinflowAuthError(error) ? error : undefined;
  return new CoinflowUnavailableError(message, { reason, retryAfterMs: RETRY_AFTER_MS, cause });
}
