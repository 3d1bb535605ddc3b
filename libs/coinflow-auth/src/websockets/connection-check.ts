import { Logger } from '@nestjs/common';
import type { CoinflowRequestPolicy } from '../coinflow-auth.interfaces.js';
import type { CoinflowAuthService } from '../coinflow-auth.service.js';
import type { CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { clientAnswer } from '../errors/client-answer.js';
import type { CoinflowContextRequest } from '../options/context-contracts.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { safeText } from '../util/secrets.js';

/** The methods of the service that connections need. */
export type ConnectionService = Pick<CoinflowAuthService, 'authenticateRequest' | 'onSessionEnd'>;

/** Why a connection is refused or closed, as its client gets it. */
export interface Refusal {
  /** The code with which a native WebSocket is closed: 4000 and the status that HTTP would have. */
  readonly closeCode: number;
  readonly data: { readonly code: string; readonly message: string; readonly retryAfterMs?: number };
}

/** What became of a new connection. Without a session and a refusal it is anonymous. */
export interface CheckedConnection {
  readonly session?: CoinflowSession | undefined;
  readonly refusal?: Refusal | undefined;
}

/** What a client gets when the application's own code fails, for example an extractor. */
const FAILED: Refusal = {
  closeCode: 4500,
  data: { code: 'INTERNAL_SERVER_ERROR', message: 'Internal server error' },
};

/** Authenticates new connections, and watches the sessions of those that are open. */
export class ConnectionCheck {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #coinflow: ConnectionService;
  readonly #policy: CoinflowRequestPolicy;

  constructor(coinflow: ConnectionService, policy: CoinflowRequestPolicy) {
    this.#coinflow = coinflow;
    this.#policy = policy;
  }

  /** It never rejects: what fails refuses the connection. */
  async check({ request, sessionKey }: CoinflowContextRequest): Promise<CheckedConnection> {
    try {
      const { session, error } = await this.#coinflow.authenticateRequest(request, this.#policy, { sessionKey });
      return { session, refusal: error && refusalOf(error) };
    } catch (error) {
      return { refusal: this.failed(error) };
    }
  }

  /**
   * Closes a connection when its session ends; at once if it has ended already.
   * @returns a function that stops watching
   */
  watch(session: CoinflowSession, close: (refusal: Refusal) => void): () => void {
    return this.#coinflow.onSessionEnd(session, (reason) => close(refusalOf(reason)));
  }

  /** The refusal for an error of the application's own code: of an extractor, of a listener, or an invalid policy. */
  failed(error: unknown): Refusal {
    this.#logger.error(`A connection could not be opened: ${safeText(String(error), [])}`);
    return FAILED;
  }
}

function refusalOf(error: CoinflowAuthError): Refusal {
  const { status, message, details } = clientAnswer(error);
  return { closeCode: 4000 + status, data: { message, ...details } };
}
