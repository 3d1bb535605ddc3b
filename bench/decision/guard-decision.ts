import { Module, type ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CoinflowAuthGuard, CoinflowAuthModule, CoinflowAuthService, SESSION_KEY_HEADER } from 'nestjs-coinflow-auth';
import { timeBatches, type BatchOptions, type Case } from '../measuring/batches.js';
import type { Report } from '../measuring/report.js';
import { createSessions } from '../sessions/cached-sessions.js';
import { MERCHANT_ID } from '../sessions/session-keys.js';
import { decoratedRoutes } from './decorated-routes.js';
import { FreshKeys } from './fresh-keys.js';
import { contextOf, findContextClass, type ContextClass, type Route } from './http-contexts.js';
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
  await createSessions(app.get(CoinflowAuthService), 0, SESSIONS, ({ key }) => keys.push(key));
  return { guard: app.get(CoinflowAuthGuard), keys };
}

/** Measures `canActivate` on a cache hit, with contexts of Nest, on few and on many routes with metadata. */
export async function measureGuard(options: BatchOptions): Promise<Report> {
  const { guard, keys } = await guardedApp();
  const Context = await findContextClass();
  const few = decoratedRoutes(FEW_ROUTES);
  const many = decoratedRoutes(MANY_ROUTES);
  const requestsTo = (routes: readonly Route[]): Requests => new Requests(Context, new FreshKeys(keys), routes);
  // The guard has seen all routes before.
  for (const context of requestsTo([...few, ...many]).take(FEW_ROUTES + MANY_ROUTES)) void guard.canActivate(context);
  const timings = timeBatches(
    [
      deciding('10 routes', guard, requestsTo(few)),
      deciding(
        '1,000 routes, 10 of them requested',
        guard,
        requestsTo(many.filter((_, i) => i % (MANY_ROUTES / FEW_ROUTES) === 0)),
      ),
      deciding('1,000 routes, all of them requested', guard, requestsTo(many)),
      decidingAgain('a second guard on the same request', guard, requestsTo(few)),
    ],
    options,
  );
  return toTimingReport('Decision of the guard on a cache hit', timings, [
    'Each request is a new object with a new string; every route has metadata on handler and class.',
    'The second guard is the one that @CoinflowAuth() adds under an APP_GUARD. It reuses the decision of the first.',
  ]);
}

function deciding(name: string, guard: CoinflowAuthGuard, requests: Requests): Case<ExecutionContext> {
  return { name, prepare: (count) => requests.take(count), run: (context) => guard.canActivate(context) };
}

function decidingAgain(name: string, guard: CoinflowAuthGuard, requests: Requests): Case<ExecutionContext> {
  const prepare = (count: number): ExecutionContext[] => {
    const contexts = requests.take(count);
    for (const context of contexts) void guard.canActivate(context);
    return contexts;
  };
  return { name, prepare, run: (context) => guard.canActivate(context) };
}

/** Creates requests to the routes in turn. */
class Requests {
  #next = 0;

  constructor(
    private readonly Context: ContextClass,
    private readonly keys: FreshKeys,
    private readonly routes: readonly Route[],
  ) {}

  take(count: number): ExecutionContext[] {
    return this.keys.take(count).map((key) => {
      const route = this.routes[this.#next % this.routes.length] as Route;
      this.#next += 1;
      return contextOf(this.Context, route, { [SESSION_KEY_HEADER]: key });
    });
  }
}
