import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect, it } from '@jest/globals';
import { base58 } from '@scure/base';
import type { Locator } from 'playwright-core';
import nacl from 'tweetnacl';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { describePage } from '../harness/sample-page.js';
import { until } from '../harness/until.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describePage('the page, in full', (sample) => {
  /** A row of the traffic in "Fault injection". */
  const trafficRow = (who: string): Locator =>
    sample.page.locator('.traffic-row').filter({ has: sample.page.getByRole('heading', { name: who, exact: true }) });
  const shows = (who: string, words: string | RegExp): Promise<void> => trafficRow(who).getByText(words).waitFor();
  const wallLabel = async (): Promise<string> =>
    (await sample
      .panel('Live')
      .getByRole('img', { name: /^The last \d+ decisions/ })
      .getAttribute('aria-label')) ?? '';

  it('logs in with browser wallets and temporary wallets', async () => {
    const evm = privateKeyToAccount(generatePrivateKey());
    const { publicKey, secretKey } = nacl.sign.keyPair();
    const solana = base58.encode(publicKey);
    await sample.open({
      prepare: async (page) => {
        await page.exposeFunction('callWallet', ({ method, params }: { method: string; params?: [`0x${string}`] }) =>
          method === 'personal_sign' && params
            ? evm.signMessage({ message: { raw: params[0] } })
            : [evm.address.toLowerCase()],
        );
        await page.exposeFunction('signBytes', (bytes: number[]) => [
          ...nacl.sign.detached(Uint8Array.from(bytes), secretKey),
        ]);
        await page.addInitScript({
          content: 'window.ethereum = { request: (call) => window.callWallet(call) };',
        });
        await page.addInitScript({ content: standardWallet(solana) });
      },
    });
    for (const [name, who] of [
      ['Temporary Solana wallet', /on solana at demo-merchant, logged in with a temporary wallet/],
      ['Temporary Ethereum wallet', /^0x.* on eth at demo-merchant, logged in with a temporary wallet/m],
      ['Ethereum wallet of this browser', new RegExp(`^${evm.address.slice(0, 6)}…`, 'im')],
      ['Testwallet (Solana)', new RegExp(`^${solana.slice(0, 6)}…`, 'm')],
    ] as const) {
      await sample.logIn(name);
      expect(await sample.panel('Session').innerText()).toMatch(who);
      expect(await sample.send('1', 'Success.')).toMatch(/"kind": "wallet"/);
      await sample.button('Log out').click();
      await sample.button(name).waitFor();
    }
  });

  it('counts no call for a thousand requests and one call for a hundred requests with a forged key', async () => {
    await sample.open();
    await sample.logIn();
    const live = sample.panel('Live');
    const counters = async (): Promise<string> => (await live.locator('.counters').innerText()).replace(/\s+/g, ' ');
    await sample.button('Reset counters').click();
    await until(async () => (await counters()).startsWith('Requests 0 '));
    expect(await sample.send('1,000', '1,000 requests')).toMatch(/0 Coinflow calls.*1,000 × 200/s);
    await until(async () => (await counters()).startsWith('Requests 1,000 Coinflow calls 0 '));
    expect(await wallLabel()).toMatch(/^The last 1000 decisions: .*Cache: 1000$/);
    expect(sample.app.coinflow.countCalls('verify')).toBe(0);

    await sample.choose('Forged');
    expect(await sample.send('100', '100 requests')).toMatch(/1 Coinflow call\..*100 × 401/s);
    expect(sample.app.coinflow.countCalls('verify')).toBe(1);
  });

  it('keeps authenticating known users during an outage and a flood, and recovers', async () => {
    await sample.open();
    await sample.logIn();
    await sample.choose('Outage');
    await sample.text(/^Coinflow responds with 503/).waitFor();
    await sample.turn(/^Send your requests/);
    await sample.turn(/^Flood/);
    await shows('Your requests', /^All \d+ authenticated/);
    // Payouts need a call to Coinflow, so they fail.
    await shows('Your payouts', /^0 of \d+ authenticated/);
    await shows('Your payouts', '503 COINFLOW_UNAVAILABLE');
    await sample.text(/^\d+ requests?, 0 authenticated/).waitFor();
    await sample.choose('POST /payouts');
    expect(await sample.send('1', 'Coinflow cannot be reached')).toMatch(/503 COINFLOW_UNAVAILABLE/);
    await shows('Your requests', /^All ([3-9]|\d\d) authenticated/);

    await sample.turn(/^Flood/, false);
    await sample.choose('Healthy');
    const { total } = sample.app.service.metrics().decisions;
    await sample.page.waitForTimeout(1_000);
    // The flood would have sent a hundred requests.
    expect(sample.app.service.metrics().decisions.total - total).toBeLessThan(50);
    // The circuit breaker stays open for five seconds after an outage.
    await until(async () => (await sample.send('1', '1 request')).includes('201'));
    expect(await trafficRow('Your requests').innerText()).toMatch(/^All \d+ authenticated/m);
    await sample.turn(/^Send your requests/, false);
  });

  it('shows that a short-lived key expires, and creates a new one', async () => {
    await sample.open();
    await sample.choose('20 s');
    await sample.text(/^New session keys live 20 seconds/).waitFor();
    sample.app.coinflow.setIssuance({ lifetimeSeconds: 1 });
    // A slow browser may not show the one second in which the key is valid.
    await sample.button('Log in as alice').click();
    await sample.text('Expired. Get a new key.').waitFor();
    await until(async () => (await sample.send('1', '1 request')).includes('COINFLOW_SESSION_KEY_EXPIRED'));
    sample.app.coinflow.setIssuance({ lifetimeSeconds: 60 });
    await sample.button('Request the key again').click();
    await sample.text(/^Expires in/).waitFor();
    await sample.send('1', 'Success.');

    // The page renews an expired session by itself.
    sample.app.coinflow.setIssuance({ lifetimeSeconds: 2 });
    await sample.button('Revoke your key').click();
    await sample.text(/^Revoked\. /).waitFor();
    await sample.turn(/^Send your requests/);
    await shows('Your requests', /session renewed ([2-9]|\d\d+) times/);
    await sample.turn(/^Send your requests/, false);
  });

  it('warns of a clock skew', async () => {
    await sample.open();
    await sample.logIn();
    await sample.text(/^At most \d+ s$/).waitFor();
    await sample.choose('+5 min');
    await sample.choose('POST /payouts');
    await sample.send('1', 'Success.');
    await sample.text(/^Coinflow is \d min ahead: synchronise the clock/).waitFor();
    await sample.choose('In sync');
  });

  it('serves the page on Fastify', async () => {
    await sample.app.close();
    await sample.startApp('fastify');
    await sample.open();
    await sample.logIn();
    expect(await sample.send('100', '100 requests')).toMatch(/0 Coinflow calls.*100 × 200/s);
    await until(async () => /Cache: \d\d|Attestation: \d\d/.test(await wallLabel()));
    await sample.choose('Outage');
    await sample.text(/^Coinflow responds with 503/).waitFor();
    await sample.choose('POST /payouts');
    expect(await sample.send('1', 'Coinflow cannot be reached')).toMatch(/503 COINFLOW_UNAVAILABLE/);
    await sample.choose('Healthy');
    await sample.button('Send a duplicate').click();
    await sample.panel('Webhooks').getByText('The balance increased by $5.00 in total.').waitFor();
  });

  it('describes the decision under the pointer', async () => {
    await sample.open();
    await sample.logIn();
    await sample.send('100', '100 requests');
    const wall = sample.panel('Live').locator('.wall');
    await wall.scrollIntoViewIfNeeded();
    await wall.locator('canvas').hover({ position: { x: 49, y: 5 } });
    await wall.getByText(/^\d\d:\d\d:\d\d, MeController\.me, alice: Authenticated\. Cache: /).waitFor();
    await sample.page.mouse.move(0, 0);
    await wall.getByText(/^The last 1,000 decisions\. /).waitFor();
  });

  it('reports a failed start and a lost event stream, and recovers from both', async () => {
    await sample.open();
    let failing = 'state';
    await sample.page.route('**/demo/*', (route) =>
      route.request().url().endsWith(failing) ? route.fulfill({ status: 403, body: '{}' }) : route.continue(),
    );
    await sample.page.reload();
    await sample.text(/on this machine only/).waitFor();
    failing = 'events';
    await sample.button('Try again').click();
    await sample.button('Log in as alice').waitFor();
    await sample.page.reload();
    await sample.text(/^Disconnected\. /).waitFor();
    failing = 'nothing';
    await until(async () => (await sample.panel('Live').getByRole('status').innerText()) === 'Live');
  });

  it('hides the emulator settings with the real Coinflow, and the rest works', async () => {
    await sample.open({
      prepare: async (page) => {
        await page.route('**/demo/events', (route) =>
          route.fulfill({ contentType: 'text/event-stream', body: 'data:\n\n' }),
        );
        await page.route('**/demo/state', async (route) => {
          const state = await (await route.fetch()).text();
          await route.fulfill({ body: state.replace(/"coinflow":\{[^}]*\}/, '"coinflow":null') });
        });
      },
    });
    await sample.text(/^This sample uses the real Coinflow/).waitFor();
    expect(await sample.page.getByRole('radio', { name: 'Outage' }).count()).toBe(0);
    await sample.logIn();
    await sample.choose('Other merchant');
    expect(await sample.send('1', 'belongs to another merchant')).toContain('COINFLOW_SESSION_WRONG_MERCHANT');
  });

  it('shows no accessibility problem and no overflow in light and dark, wide and narrow', async () => {
    await sample.open();
    await everywhere(async () => expect(await accessibilityProblems()).toEqual([]));
    await sample.logIn();
    await sample.choose('None');
    await sample.send('1', 'carries no session key');
    await sample.turn(/^Send your requests/);
    await shows('Your requests', /^All \d+ authenticated/);
    await sample.button('Send a duplicate').click();
    await sample.text(/increased by \$5.00 in total/).waitFor();
    await sample.choose('3-D Secure');
    await sample.button('Buy for $5.00').click();
    await sample.panel('Buy').frameLocator('iframe').getByText('5.00 USD').waitFor();
    await sample.text('Latest decisions as a table').click();
    await everywhere(async () => {
      expect(await accessibilityProblems()).toEqual([]);
      expect(
        await sample.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
      ).toBe(0);
    });
    await sample.turn(/^Send your requests/, false);
  });

  async function everywhere(look: () => Promise<void>): Promise<void> {
    for (const width of [1_280, 360]) {
      await sample.page.setViewportSize({ width, height: 800 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await sample.page.emulateMedia({ colorScheme });
        await look();
      }
    }
  }

  /** The serious problems that axe finds. The script is evaluated, because the policy of the page blocks other scripts. */
  async function accessibilityProblems(): Promise<string[]> {
    await sample.page.evaluate(await readFile(AXE, 'utf8'));
    const found: { violations: { id: string; impact: string; nodes: { html: string }[] }[] } =
      await sample.page.evaluate('axe.run()');
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }
});

/** Registers a wallet as an extension does. It signs with a function that the test exposes to the page. */
function standardWallet(address: string): string {
  return `
    const account = { address: '${address}', publicKey: new Uint8Array(32), chains: ['solana:mainnet'], features: [] };
    const wallet = {
      version: '1.0.0', name: 'Testwallet', icon: 'data:image/svg+xml;base64,', chains: ['solana:mainnet'], accounts: [account],
      features: {
        'standard:connect': { version: '1.0.0', connect: () => Promise.resolve({ accounts: [account] }) },
        'solana:signMessage': {
          version: '1.0.0',
          signMessage: async ({ message }) => [{ signedMessage: message, signature: Uint8Array.from(await window.signBytes([...message])) }],
        },
      },
    };
    const register = (api) => api.register(wallet);
    addEventListener('wallet-standard:app-ready', ({ detail }) => register(detail));
    dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: register }));
  `;
}
