import type { AnyCallOptions } from '../api/api-caller.js';
import { CoinflowApi } from '../api/coinflow-api.js';
import type { MessageToSign } from '../http/coinflow-client.js';
import { CoinflowAuthenticator } from '../coinflow-authenticator.js';
import { CoinflowAuthService } from '../coinflow-auth.service.js';
import { CoinflowSessionKeyMissingError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowContext, CoinflowContextAdapter } from '../options/context-contracts.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { COINFLOW_AUTH_MODULE_OPTIONS, COINFLOW_AUTH_FACTORY } from '../options/tokens.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import type { SessionKeySubject, SignedWallet, SessionKeyWallet } from '../issuance/subject-arguments.js';
import { rejectedWith, type VerificationResult } from '../verification/verification-result.js';
import { createTestSession } from './create-test-session.js';

/** The part of `TestingModuleBuilder` (`@nestjs/testing`) that `overrideCoinflowAuth` uses. */
export interface OverridableModule {
  overrideProvider(token: symbol): { useValue(value: unknown): unknown };
}

/** The validation key for webhooks under `overrideCoinflowAuth`. Sign the webhooks of your tests with it. */
export const TEST_WEBHOOK_KEY = 'test-webhook-key';

const TEST_OPTIONS = {
  env: 'local',
  apiKey: 'test-api-key',
  merchantId: 'test-merchant',
  webhook: { keys: TEST_WEBHOOK_KEY },
  asyncContext: true,
} as const;

/** Further settings of `overrideCoinflowAuth()`. */
export interface TestOverrides {
  /**
   * The user of the session, which `@SessionUser()` injects; `null` for a session without a user (403).
   * @default none: a handler with `@SessionUser()` throws an error
   */
  user?: object | null;
  /**
   * What `CoinflowApi` resolves with, by operation: a function of the options of the call. What it throws is passed on.
   * @default none: a call throws an error
   * @example
   * { 'POST /checkout/card/{merchantId}': ({ body }) => ({ paymentId: 'payment-1' }) }
   */
  api?: Readonly<Record<string, (options: TestApiCall) => unknown>>;
}

/** The options of a call of `CoinflowApi`, in a test. */
export type TestApiCall = Readonly<AnyCallOptions>;

/** Answers the calls of `CoinflowApi` without Coinflow. */
function testApi(answers: NonNullable<TestOverrides['api']>): CoinflowApi {
  return new CoinflowApi({
    metrics: {},
    close: () => undefined,
    async call(method, path, options) {
      const operation = `${method} ${path}`;
      const answer = Object.hasOwn(answers, operation) ? answers[operation] : undefined;
      if (answer) return await answer(options);
      throw new Error(
        `The test calls ${operation}: pass { api: { '${operation}': (options) => ... } } as the third argument of overrideCoinflowAuth().`,
      );
    },
  });
}

/** Authenticates every request with one session, without calls. */
class TestCoinflowAuthenticator extends CoinflowAuthenticator {
  readonly #session: CoinflowSession | undefined;

  constructor(options: ResolvedCoinflowAuthOptions, name: string | undefined, session: CoinflowSession | undefined) {
    super({ ...options, contexts: withoutSessionKeys(options.contexts) }, name);
    this.#session = session;
  }

  override extractSessionKey(): string | undefined {
    return this.#session?.key;
  }

  override authenticate(): VerificationResult {
    if (!this.#session) return rejectedWith(new CoinflowSessionKeyMissingError(), 'request');
    return { session: this.#session, decidedBy: 'request' };
  }
}

/** The same contexts, but the guard gets the key of the test's session, whatever a message carries. */
function withoutSessionKeys(contexts: Readonly<Record<string, CoinflowContext>>): Record<string, CoinflowContext> {
  const entries = Object.entries(contexts).map(([type, adapter]): [string, CoinflowContext] => {
    if (adapter === 'skip') return [type, adapter];
    const find: CoinflowContextAdapter['find'] = (context) => ({ ...adapter.find(context), sessionKey: undefined });
    return [
      type,
      {
        find,
        toException: (error, host) => adapter.toException(error, host),
        endWithSession: (found, onSessionEnd, sessionId) => adapter.endWithSession?.(found, onSessionEnd, sessionId),
      },
    ];
  });
  return Object.fromEntries(entries);
}

/** Creates sessions without Coinflow. */
class TestCoinflowAuthService extends CoinflowAuthService {
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
 * Authenticates all requests of an application with one session, whatever they carry. It applies to guards on routes, to
 * `APP_GUARD` and to named instances. It needs no options, no Coinflow and no network. Public routes and policies work as
 * usual.
 *
 * The tested modules must import `CoinflowAuthModule`. Without it the guard throws `COINFLOW_MISCONFIGURED` at startup.
 * @param builder the result of `Test.createTestingModule(...)`; it is changed and returned
 * @param session the session of all requests; with `undefined`, protected routes answer 401
 * @param overrides `{ user }`: what `@SessionUser()` injects, since `loadUser` does not run; `{ api }`: what `CoinflowApi` resolves with
 * @example
 * const module = await overrideCoinflowAuth(Test.createTestingModule({ imports: [AppModule] }), asUser('alice')).compile();
 */
export function overrideCoinflowAuth<Builder extends OverridableModule>(
  builder: Builder,
  session: CoinflowSession | undefined,
  { user, api = {} }: TestOverrides = {},
): Builder {
  const loadUser = (): object | null => {
    if (user !== undefined) return user;
    throw new Error('A handler uses @SessionUser(): pass { user } as the third argument of overrideCoinflowAuth().');
  };
  const factory = {
    createAuthenticator: (options: ResolvedCoinflowAuthOptions, name?: string) =>
      new TestCoinflowAuthenticator(options, name, session),
    createService: (authenticator: CoinflowAuthenticator) => new TestCoinflowAuthService(authenticator),
    createApi: () => testApi(api),
  };

  builder.overrideProvider(COINFLOW_AUTH_MODULE_OPTIONS).useValue({ ...TEST_OPTIONS, loadUser });
  builder.overrideProvider(COINFLOW_AUTH_FACTORY).useValue(factory);
  return builder;
}
