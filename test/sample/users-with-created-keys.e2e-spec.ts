import { Agent, request } from 'node:http';
import { afterEach, expect, it } from '@jest/globals';
import { amount } from '../harness/amount.js';
import { LoginLimitGuard } from '../../apps/sample/src/login/login-limit.guard.js';
import { UserDirectory } from '../../apps/sample/src/login/demo-users.js';
import { createSampleApp, type SampleApp } from '../harness/create-sample-app.js';

const USERS = amount('LOGIN_USERS', { quick: 100, full: 2_000 });
const REQUESTS = 10;
const AT_ONCE = 25;
const LIMITS = { withKey: 2_000, withoutKey: 100 };

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
let app: SampleApp;

afterEach(async () => {
  agent.destroy();
  await app.close();
});

function call(
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const method = body ? 'POST' : 'GET';
    const outgoing = request(app.url + path, {
      agent,
      method,
      headers: { ...headers, 'content-type': 'application/json' },
    });
    outgoing.once('error', reject).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    outgoing.end(body && JSON.stringify(body));
  });
}

it(`makes no call of Verify Token for ${USERS} logged-in users with ${REQUESTS} requests each`, async () => {
  app = await createSampleApp({
    platform: 'fastify',
    limits: LIMITS,
    override: (builder) =>
      builder
        .overrideGuard(LoginLimitGuard)
        .useValue({ canActivate: () => true })
        .overrideProvider(UserDirectory)
        .useValue({ hasPassword: () => Promise.resolve(true) }),
  });
  const statuses = new Map<number, number>();
  const counted = async (...wanted: Parameters<typeof call>): Promise<unknown> => {
    const { status, body } = await call(...wanted);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    return body;
  };
  let begun = 0;
  const users = async (): Promise<void> => {
    while (begun < USERS) {
      const username = `user-${(begun += 1)}`;
      const { accessToken } = (await counted('/auth/login', {}, { username, password: 'any' })) as {
        accessToken: string;
      };
      const authorization = `Bearer ${accessToken}`;
      const session = (await counted('/coinflow/session-key', { authorization })) as {
        key: string;
        attestedKey: string;
      };
      for (let i = 0; i < REQUESTS; i += 1) {
        const sessionKey = i % 2 === 0 ? session.key : session.attestedKey;
        const me = await counted('/me', { 'x-coinflow-auth-session-key': sessionKey });
        expect(me).toMatchObject({ subject: { userId: username } });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, users));

  expect(Object.fromEntries(statuses)).toEqual({ 200: USERS * (2 + REQUESTS) });
  expect(app.coinflow.countCalls('verify')).toBe(0);
  expect(app.coinflow.countCalls('session-key')).toBe(USERS);
  expect(app.service.metrics()).toMatchObject({
    decisions: { total: USERS * REQUESTS, byOutcome: { authenticated: USERS * REQUESTS } },
    budget: { used: { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0, apiCalls: 0 } },
  });
}, 120_000);
