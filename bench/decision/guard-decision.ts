import { Module, type ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CoinflowAuthGuard, CoinflowAuthModule, CoinflowAuthService, SESSION_KEY_HEADER } from 'nestjs-coinflow-auth';
import { timeBatches, type BatchOptions, type Case } from '../measuring/batches.js';
import type { Report } from '../measuring/report.js';
import { obtainSessions } from '../sessions/remembered-sessions.js';
import { MERCHANT_ID } from '../sessions/session-keys.js';
import { decoratedRoutes } from './decorated-routes.js';
import { FreshKeys } from './fresh-keys.js';
import { contextOf, findContextClass, type Route } from './http-contexts.js';
import { toTimingReport } from './timing-report.js';

const SESSIONS = 1_000;
const FEW_ROUTES = 10;
const MANY_ROUTES = 1_000;

interface GuardedApp {
  readonly guard: CoinflowAuthGuard;
  readonly keys: readonly string[];
}

async function guardedApp(): Promise<GuardedApp> {
  @Module({
    imports: [CoinflowAuthModule.forRoot({ env: 'local', apiKey: 'bench-key', merchantId: MERCHANT_ID })],
    providers: [CoinflowAuthGuard],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const keys: string[] = [];
  await obtainSessions(app.get(CoinflowAuthService), 0, SESSIONS, ({ key }) => keys.push(key));
  return { guard: app.get(CoinflowAuthGuard), keys };
}

/** `canActivate` on a hit, with the contexts that Nest makes, on few and on many routes with metadata. */
export async function measureGuard(options: BatchOptions): Promise<Report> {
  const Context = await findContextClass();
  const onRoutes = async (count: number): Promise<Case<ExecutionContext>> => {
    const { guard, keys } = await guardedApp();
    return decide(`canActivate, ${count.toLocaleString('en')} routes`, guard, new Requests(Context, keys, count));
  };
  const timings = timeBatches(
    [await onRoutes(FEW_ROUTES), await onRoutes(MANY_ROUTES), await second('a second guard on the same request')],
    options,
  );
  return toTimingReport('Decision of the guard, on a hit', timings, [
    'Each request is a new object with a new string; every route has metadata on handler and class.',
    'The second guard is what @CoinflowAuth() adds under an APP_GUARD: it sees that the first has decided.',
  ]);

  async function second(name: string): Promise<Case<ExecutionContext>> {
    const { guard, keys } = await guardedApp();
    const requests = new Requests(Context, keys, FEW_ROUTES);
    const decided = (count: number): ExecutionContext[] =>
      requests.take(count).map((context) => {
        void guard.canActivate(context);
        return context;
      });
    return { name, prepare: decided, run: (context) => guard.canActivate(context) };
  }
}

function decide(name: string, guard: CoinflowAuthGuard, requests: Requests): Case<ExecutionContext> {
  return { name, prepare: (count) => requests.take(count), run: (context) => guard.canActivate(context) };
}

/** Requests to all of the routes in turn. */
class Requests {
  readonly #routes: readonly Route[];
  readonly #keys: FreshKeys;
  #next = 0;

  constructor(
    private readonly Context: Awaited<ReturnType<typeof findContextClass>>,
    keys: readonly string[],
    routes: number,
  ) {
    this.#routes = decoratedRoutes(routes);
    this.#keys = new FreshKeys(keys);
  }

  take(count: number): ExecutionContext[] {
    return this.#keys.take(count).map((key) => {
      const route = this.#routes[this.#next % this.#routes.length] as Route;
      this.#next += 1;
      return contextOf(this.Context, route, { [SESSION_KEY_HEADER]: key });
    });
  }
}
