import type { MessageToSign } from '../http/coinflow-client.js';
import { CoinflowAuthService } from '../coinflow-auth.service.js';
import { CoinflowSessionKeyMissingError } from '../errors/coinflow-auth.errors.js';
import { resolveOptions, type ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import {
  COINFLOW_AUTH_MODULE_OPTIONS,
  COINFLOW_AUTH_OPTIONS,
  COINFLOW_AUTH_SERVICE_FACTORY,
} from '../options/tokens.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import type { SessionKeySubject, SignedWallet, SessionKeyWallet } from '../session/session-key-subject.js';
import { createTestSession } from './create-test-session.js';

/** As much of a `TestingModuleBuilder` of `@nestjs/testing` as is used. */
export interface OverridableModule {
  overrideProvider(token: symbol): { useValue(value: unknown): unknown };
}

/** The key of webhooks under `overrideCoinflowAuth`: sign with it what your webhook route is to take. */
export const TEST_WEBHOOK_KEY = 'test-webhook-key';

const TEST_OPTIONS = {
  env: 'local',
  apiKey: 'test-api-key',
  merchantId: 'test-merchant',
  webhook: { keys: TEST_WEBHOOK_KEY },
} as const;

/** Whoever asks is the same person; nothing leaves the process. */
class TestCoinflowAuthService extends CoinflowAuthService {
  readonly #session: CoinflowSession | undefined;

  constructor(options: ResolvedCoinflowAuthOptions, name: string | undefined, session: CoinflowSession | undefined) {
    super(options, name);
    this.#session = session;
  }

  override extractSessionKey(): string | undefined {
    return this.#session?.key;
  }

  override authenticate(): CoinflowSession {
    if (!this.#session) throw new CoinflowSessionKeyMissingError();
    return this.#session;
  }

  override createSessionKey(subject: SessionKeySubject): Promise<CoinflowSession> {
    return Promise.resolve(createTestSession(subject));
  }

  override createSessionKeyWithSignature({ wallet, blockchain }: SignedWallet): Promise<CoinflowSession> {
    return Promise.resolve(createTestSession({ wallet, blockchain }));
  }

  override getMessage({ wallet, blockchain }: SessionKeyWallet): Promise<MessageToSign> {
    return Promise.resolve({ message: `Test message for ${wallet} on ${blockchain}` });
  }
}

/**
 * Makes every guarded route of a whole application see one session, whatever the request carries: guards on routes and as
 * `APP_GUARD` alike, without Coinflow, without options, without network. Public routes and policies stay as they are. Named
 * instances see the same session.
 *
 * The application, or the part of it that is tested, imports `CoinflowAuthModule`: without it the guard throws
 * `COINFLOW_MISCONFIGURED` when the application starts.
 * @param builder of `Test.createTestingModule(...)`; changed and given back
 * @param session whose; `undefined` for nobody: guarded routes answer 401
 * @example
 * const module = await overrideCoinflowAuth(Test.createTestingModule({ imports: [AppModule] }), asUser('alice')).compile();
 */
export function overrideCoinflowAuth<Builder extends OverridableModule>(
  builder: Builder,
  session: CoinflowSession | undefined,
): Builder {
  const create = (options: ResolvedCoinflowAuthOptions, name?: string): CoinflowAuthService =>
    new TestCoinflowAuthService(options, name, session);

  builder.overrideProvider(COINFLOW_AUTH_MODULE_OPTIONS).useValue(TEST_OPTIONS);
  builder.overrideProvider(COINFLOW_AUTH_OPTIONS).useValue(resolveOptions(TEST_OPTIONS));
  builder.overrideProvider(COINFLOW_AUTH_SERVICE_FACTORY).useValue(create);
  return builder;
}
