import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CoinflowApiError, CoinflowSession } from 'nestjs-coinflow-auth';
import { createApiApp, type ApiApp } from './harness/api-app.js';
import { inspectEverything } from './harness/inspect-everything.js';
import { json, reset, startScriptedServer, type ScriptedServer } from './harness/scripted-server.js';
import { recordTelemetry, type RecordedTelemetry } from './harness/telemetry.js';

const API_KEY = 'canary_api_key';
const SESSION_KEY = `eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOnRydWV9.${'canarySignature'.repeat(3)}`;
const SIGNED_MESSAGE = '0xcanarysignedmessage';
const ETH = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
/** The values of the call. One is a part of the API key: to remove it alone would leave the rest of that key. */
const VALUES = [
  '424242CANARY4242',
  'canary@example.com',
  'canary_api',
  'canary street 5',
  '123456789',
  'canary-device',
  'canary-param',
  'canary-query',
] as const;
const [CARD_TOKEN, EMAIL, PART, ADDRESS, ACCOUNT, DEVICE, PARAM, QUERY] = VALUES;
const SECRETS = [API_KEY, SESSION_KEY, SIGNED_MESSAGE, '~canarytag', ...VALUES];

const BODY = { card: { cardToken: CARD_TOKEN, email: EMAIL, note: PART, lines: [ADDRESS] }, account: Number(ACCOUNT) };
const OPERATION = 'PUT /merchant/chargebacks/{paymentId}/draft';
const OPTIONS = { params: { paymentId: PARAM }, query: { search: QUERY }, deviceId: DEVICE };

/** Repeats everything that it received in every field that a message is made of. */
function echo(status: number, headers: Record<string, string> = {}): RequestListener {
  return (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const text = `${Object.values(request.headers).join(' ')} ${decodeURIComponent(request.url ?? '')} ${body}`;
      const fields = ['message', 'details', 'msg', 'error', 'reason', 'debugId', 'code', 'title', text];
      const echoed = Object.fromEntries(fields.map((name) => [name, text]));
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-echo': encodeURIComponent(text),
        ...headers,
      });
      response.end(JSON.stringify(echoed));
    });
  };
}

const ANSWERS: [string, RequestListener][] = [
  ...[400, 401, 403, 404, 408, 412, 418, 429, 500, 503].map((status): [string, RequestListener] => [
    `a ${status}`,
    echo(status),
  ]),
  ['a redirect', echo(307, { location: `/${API_KEY}` })],
  ['no JSON', (_, response) => response.writeHead(200).end(`{${SECRETS.join(' ')}`)],
  ['a gateway', (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end(SECRETS.join(' '))],
  ['a reset', reset],
  ['a success', json(200)],
];

describe('the secrets of a call of CoinflowApi', () => {
  let server: ScriptedServer;
  let telemetry: RecordedTelemetry;
  let app: ApiApp;
  const written: string[] = [];
  const session = new CoinflowSession(
    SESSION_KEY,
    { subject: { kind: 'user', userId: 'alice' }, merchantId: 'ours', issuedAt: null, expiresAt: null },
    { attest: (key) => `${key}~canarytag` },
  );

  beforeEach(async () => {
    written.length = 0;
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
    }
    telemetry = recordTelemetry();
    server = await startScriptedServer();
    app = await createApiApp({ options: { baseUrl: server.url, apiKey: () => API_KEY, merchantId: 'ours' } });
  });
  afterEach(async () => {
    await app.close();
    server.close();
    await telemetry.stop();
    jest.restoreAllMocks();
  });

  const AUTHS: [string, unknown][] = [
    ['a session', session],
    ['a session and the merchant', [session, 'merchant']],
    ['the merchant', 'merchant'],
    ['a signed wallet', { signedWallet: { wallet: ETH, blockchain: 'eth', signedMessage: SIGNED_MESSAGE } }],
  ];

  it.each(ANSWERS)('are in no log line, error, span or metric after %s', async (_, answer) => {
    const shown: string[] = [];
    for (const [, auth] of AUTHS) {
      server.script(answer);
      const result = await app.call(OPERATION, { auth, body: BODY, ...OPTIONS }).catch((error: unknown) => error);
      shown.push(inspectEverything(result));
      if (result instanceof CoinflowApiError) expect(JSON.stringify(result.data)).toContain(CARD_TOKEN);
      if (result instanceof Error) expect({ ...result }).not.toHaveProperty('data');
    }
    shown.push(inspectEverything(app.api), JSON.stringify(app.api.metrics()), inspectEverything(app.service.metrics()));
    const spans = telemetry
      .spans()
      .map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    shown.push(inspectEverything(spans), inspectEverything(await telemetry.metrics()));
    const everything = [...shown, ...written, app.logger.text].join('\n');
    expect(spans.length).toBeGreaterThanOrEqual(AUTHS.length);
    expect(everything).toContain('PUT /merchant/chargebacks/{paymentId}/draft');
    expect(SECRETS.filter((secret) => secret !== undefined && everything.includes(secret))).toEqual([]);
    // Nothing is left of the API key where a part of it was removed.
    expect(everything).not.toContain('[redacted]_key');
  });

  // A message is cut: the values at the end of the echo above are beyond it.
  it.each([
    ...[API_KEY, ...VALUES].map((value): [string, unknown] => [value, 'merchant']),
    [SESSION_KEY, session],
    [SIGNED_MESSAGE, { signedWallet: { wallet: ETH, blockchain: 'eth', signedMessage: SIGNED_MESSAGE } }],
  ])('are in no message that repeats only %s', async (value, auth) => {
    server.script(json(418, {}, JSON.stringify({ message: `Invalid value ${value}.` })));
    const error: unknown = await app.call(OPERATION, { auth, body: BODY, ...OPTIONS }).catch((one: unknown) => one);
    const everything = [inspectEverything(error), ...written, app.logger.text].join('\n');
    expect(everything).toContain('Invalid value [redacted].');
    expect(everything).not.toContain(value);
  });

  it('are in no error of a wrong argument', async () => {
    const wrong = [
      { auth: API_KEY },
      { auth: [SESSION_KEY, 'merchant'] },
      { auth: { userId: `${API_KEY}\n` } },
      { auth: { signedWallet: { wallet: ETH, blockchain: 'eth', signedMessage: `${SIGNED_MESSAGE}\n` } } },
      { auth: 'merchant', body: { toJSON: () => { throw new Error(EMAIL); } } }, // prettier-ignore
      { auth: 'merchant', params: { paymentId: `${PARAM}/` } },
      { auth: 'merchant', params: { paymentId: 'a', [String(PARAM)]: 'b' } },
      { auth: 'merchant', query: { [String(QUERY)]: null } },
      { auth: 'merchant', deviceId: `${DEVICE}\n` },
      { auth: 'merchant', clientIp: API_KEY },
      { auth: 'merchant', [API_KEY]: true },
    ];
    for (const options of wrong) {
      const error = await app.failure(OPERATION, options);
      expect(error).toMatchObject({ code: 'COINFLOW_INVALID_ARGUMENT' });
      const shown = inspectEverything(error);
      expect(SECRETS.filter((secret) => secret !== undefined && shown.includes(secret))).toEqual([]);
    }
    expect(server.requests).toHaveLength(0);
  });
});

describe('the telemetry of CoinflowApi', () => {
  it('names spans and durations by the template of the operation and the status, without values of the path', async () => {
    const telemetry = recordTelemetry();
    const server = await startScriptedServer();
    const app = await createApiApp({ options: { baseUrl: server.url, http: { retries: 1 } } });
    try {
      server.script(json(503), json(200), json(412), reset);
      const get = { auth: 'merchant', params: { paymentId: 'canary' }, query: { search: 'canary' } };
      await app.call('GET /merchant/payments/{paymentId}', get);
      const refund = { auth: 'merchant', params: { paymentId: 'canary' } };
      await app.failure('PUT /merchant/payments/{paymentId}/refund', refund);
      await app.failure('PUT /merchant/payments/{paymentId}/refund', refund);

      const [GET, PUT] = ['GET /api/merchant/payments/{paymentId}', 'PUT /api/merchant/payments/{paymentId}/refund'];
      const spans = telemetry
        .spans()
        .map(({ name, attributes }) => [name, attributes['url.template'], attributes['http.response.status_code']]);
      const template = '/api/merchant/payments/{paymentId}';
      expect(spans).toEqual([
        [GET, template, 503],
        [GET, template, 200],
        [PUT, `${template}/refund`, 412],
        [PUT, `${template}/refund`, undefined],
      ]);
      const durations = (await telemetry.metrics()).find(
        ({ descriptor }) => descriptor.name === 'coinflow_auth.api.duration',
      );
      expect(durations?.dataPoints.map(({ attributes }) => attributes)).toEqual([
        { operation: GET, outcome: 'answered', 'http.response.status_code': 503 },
        { operation: GET, outcome: 'answered', 'http.response.status_code': 200 },
        { operation: PUT, outcome: 'answered', 'http.response.status_code': 412 },
        { operation: PUT, outcome: 'connection' },
      ]);
      expect(
        inspectEverything([spans, durations, telemetry.spans().map(({ attributes }) => attributes)]),
      ).not.toContain('canary');
    } finally {
      await app.close();
      server.close();
      await telemetry.stop();
    }
  });

  it('counts the calls of each operation, and those of further undocumented ones together', async () => {
    const server = await startScriptedServer();
    const app = await createApiApp({ options: { baseUrl: server.url } });
    for (let index = 0; index < 305; index += 1) await app.call(`GET /unknown/${index}`, { auth: 'merchant' });
    await app.call('GET /merchant', { auth: 'merchant' });
    const metrics = app.api.metrics();
    expect(Object.keys(metrics)).toHaveLength(302);
    expect(metrics['GET /{further-operations}']).toMatchObject({ attempts: 5 });
    expect(metrics['GET /merchant']).toMatchObject({ attempts: 1, answered: 1, breaker: 'closed' });
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
    await app.close();
    server.close();
  });
});
