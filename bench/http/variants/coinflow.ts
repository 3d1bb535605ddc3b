import type { ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { CoinflowAuthGuard, CoinflowAuthModule, CoinflowAuthService, SESSION_KEY_HEADER } from 'nestjs-coinflow-auth';
import { DecoratedController } from '../controllers.js';
import type { Upstream, Variant } from './variant.js';

function globallyGuarded({ url, apiKey, merchantId }: Upstream, asyncContext = false): ModuleMetadata {
  return {
    imports: [CoinflowAuthModule.forRoot({ env: 'local', baseUrl: url, apiKey, merchantId, asyncContext })],
    providers: [{ provide: APP_GUARD, useClass: CoinflowAuthGuard }],
  };
}

const ours = {
  refuses: true,
  header: SESSION_KEY_HEADER,
  credential: async (app, userId) => (await app.get(CoinflowAuthService).createSessionKey({ userId })).key,
} satisfies Partial<Variant>;

/** Cache hits: the application has created the keys itself. */
export const coinflow: Variant = { ...ours, name: 'coinflow', parts: (upstream) => globallyGuarded(upstream) };

/** With `currentSession()`: the handler runs in an interceptor. */
export const coinflowAsyncContext: Variant = {
  ...ours,
  name: 'coinflow-async-context',
  parts: (upstream) => globallyGuarded(upstream, true),
};

/** The same with metadata on handler and class. Their decorators add the guard again, so it runs three times. */
export const coinflowDecorated: Variant = {
  ...ours,
  name: 'coinflow-decorated',
  parts: (upstream) => ({ ...globallyGuarded(upstream), controllers: [DecoratedController] }),
};
