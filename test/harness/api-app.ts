import { CoinflowApi, type CoinflowSession } from 'nestjs-coinflow-auth';
import type { AnyCallOptions } from '../../libs/coinflow-auth/src/api/api-caller.js';
import { createTestApp, type TestApp, type TestAppOptions } from './create-test-app.js';
import { GENEROUS_BUDGET } from '../../libs/coinflow-auth/test-doubles/generous-budget.js';

/** An application that calls the rest of Coinflow. */
export interface ApiApp extends TestApp {
  readonly api: CoinflowApi;
  /** Calls an operation by its name: `GET /customer/v2`. Each parameter of its path is `any`, except for the merchant. */
  call(operation: string, options: AnyCallOptions): Promise<unknown>;
  /** As `call()`, and resolves with what it throws. */
  failure(operation: string, options: AnyCallOptions): Promise<unknown>;
  /** A session of a user. */
  session(userId?: string): Promise<CoinflowSession>;
}

/** Starts an application whose calls of Coinflow no budget limits. */
export async function createApiApp({ options, ...test }: TestAppOptions = {}): Promise<ApiApp> {
  const app = await createTestApp({
    ...test,
    options: { api: { callsPerMinute: 10_000 }, budget: GENEROUS_BUDGET, ...options },
  });
  const api = app.app.get(CoinflowApi);
  const call: ApiApp['call'] = (operation, callOptions) => callOperation(api, operation, callOptions);
  return {
    ...app,
    api,
    call,
    failure: (operation, callOptions) =>
      call(operation, callOptions).then(
        () => {
          throw new Error(`${operation} did not fail`);
        },
        (error: unknown) => error,
      ),
    session: (userId = 'alice') => app.service.createSessionKey({ userId }),
  };
}

/** Calls an operation by its name. */
export function callOperation(api: CoinflowApi, operation: string, options: AnyCallOptions): Promise<unknown> {
  const [method = '', path = ''] = operation.split(' ');
  const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => name);
  const params = Object.fromEntries(names.filter((name) => name !== 'merchantId').map((name) => [name, 'any']));
  // A test may pass what the types do not allow.
  const given = { params, ...options } as CallOptions;
  switch (method) {
    case 'GET':
      return api.get(path, given as CallOptions & { body?: undefined });
    case 'POST':
      return api.post(path, given);
    case 'PUT':
      return api.put(path, given);
    case 'PATCH':
      return api.patch(path, given);
    default:
      return api.delete(path, given);
  }
}

type CallOptions = Parameters<CoinflowApi['post']>[1];

/** A body that the emulator charges. */
export const CHECKOUT = {
  subtotal: { cents: 500 },
  card: {
    cardToken: '424242DEMO4242',
    expMonth: '12',
    expYear: '34',
    email: 'alice@example.com',
    firstName: 'Alice',
    lastName: 'Doe',
  },
};

export const CARD = 'POST /checkout/card/{merchantId}';
