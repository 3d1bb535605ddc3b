import { describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator } from 'coinflow-emulator';
import { FREE_PORTS, logInAndCall, npmStart, startCommand, startTwoAndStop } from '../harness/npm-start.js';
import { send } from '../harness/send.js';

describe('npm start, in full', () => {
  it('runs two instances on Fastify at the same time until a signal stops them', () => startTwoAndStop('fastify'));

  it('prints the URL of the page first and serves the page', async () => {
    const started = npmStart(FREE_PORTS);
    const { sample } = await started.ready();
    const [, page = ''] = await started.until(/^Page {14}(\S+)/m);
    expect(page).toBe(`${sample}/`);
    const { status, text } = await send(page);
    expect([status, text]).toEqual([200, expect.stringContaining('<div id="page"')]);
    const [script = ''] = /\/assets\/[\w-]+\.js/.exec(text) ?? [];
    expect(await send(sample + script)).toMatchObject({ status: 200 });
  });

  it('serves the page with Vite and forwards its requests with --dev', async () => {
    const started = npmStart(FREE_PORTS, '--dev');
    const { sample } = await started.ready();
    const [, page = ''] = await started.until(/^Page {14}(\S+)/m);
    expect(page).not.toBe(`${sample}/`);
    const { status, text } = await send(page);
    expect([status, text]).toEqual([200, expect.stringContaining('/src/main.tsx')]);
    expect(await send(`${page}demo/state`)).toMatchObject({
      status: 200,
      body: { coinflow: { condition: 'healthy' } },
    });
    started.child.kill('SIGINT');
    expect(await started.exit).toBe(0);
    await expect(send(page)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each<[string, Record<string, string>]>([
    ['a random key', {}],
    ['the first key of the environment', { COINFLOW_WEBHOOK_VALIDATION_KEY: 'new-key, old-key' }],
  ])('lets the emulator send webhooks to the sample, signed with %s', async (_, env) => {
    const started = npmStart({ ...FREE_PORTS, ...env });
    const { sample, coinflow } = await started.ready();
    expect(started.output()).toContain(`POST ${sample}/webhooks/coinflow`);
    const data = { customerId: 'alice', subtotal: { cents: 500 } };
    const sent = await send(`${coinflow}/_emulator/webhooks/send`, {
      method: 'POST',
      body: { eventType: 'Settled', data },
    });
    expect(sent).toMatchObject({ status: 200, body: { webhooks: { attempts: [{ status: 200 }] } } });
    expect(await logInAndCall(sample)).toMatchObject({ body: { balance: { cents: 500, currency: 'USD' } } });
  });

  it('stops both processes when npm is killed', async () => {
    const started = startCommand(['npm', 'start'], FREE_PORTS);
    const { sample, coinflow } = await started.ready();
    started.child.kill('SIGKILL');
    await started.exit;
    for (const url of [sample, coinflow]) await expect(send(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('uses the Coinflow account of the environment and starts no emulator', async () => {
    const own = await startCoinflowEmulator({ merchants: [{ merchantId: 'mine', apiKey: 'my-key' }] });
    const started = npmStart({
      PORT: '0',
      COINFLOW_ENV: 'sandbox',
      COINFLOW_API_KEY: 'my-key',
      COINFLOW_MERCHANT_ID: 'mine',
      COINFLOW_BASE_URL: own.url,
    });
    const { sample, coinflow } = await started.ready();
    expect(coinflow).toBe(own.url);
    expect(started.output()).not.toMatch(/emulator/i);
    expect(started.output()).toMatch(/Webhooks +off: set COINFLOW_WEBHOOK_VALIDATION_KEY/);
    expect(await logInAndCall(sample)).toMatchObject({ status: 200 });
    expect(own.countCalls('session-key')).toBe(1);
    await own.close();
  });
});
