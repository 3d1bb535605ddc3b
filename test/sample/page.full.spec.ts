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

describePage('the page in a browser, all that it shows', (sample) => {
  /** What a row of “Break it” says: how it goes for somebody. */
  const felt = (who: string): Locator =>
    sample.page.locator('.feel-row').filter({ has: sample.page.getByRole('heading', { name: who, exact: true }) });
  const feels = (who: string, words: string | RegExp): Promise<void> => felt(who).getByText(words).waitFor();
  const wallLabel = async (): Promise<string> =>
    (await sample
      .panel('Live')
      .getByRole('img', { name: /^The last \d+ decisions/ })
      .getAttribute('aria-label')) ?? '';

  it('signs in with wallets, those of the browser and throw-away ones', async () => {
    const evm = privateKeyToAccount(generatePrivateKey());
    const { publicKey, secretKey } = nacl.sign.keyPair();
    const solana = base58.encode(publicKey);
    await sample.open({
      prepare: async (page) => {
        await page.exposeFunction('askWallet', ({ method, params }: { method: string; params?: [`0x${string}`] }) =>
          method === 'personal_sign' && params
            ? evm.signMessage({ message: { raw: params[0] } })
            : [evm.address.toLowerCase()],
        );
        await page.exposeFunction('signBytes', (bytes: number[]) => [
          ...nacl.sign.detached(Uint8Array.from(bytes), secretKey),
        ]);
        await page.addInitScript({
          content: 'window.ethereum = { request: (call) => window.askWallet(call) };',
        });
        await page.addInitScript({ content: standardWallet(solana) });
      },
    });
    for (const [name, who] of [
      ['Throw-away Solana wallet', /on solana with a throw-away key pair/],
      ['Throw-away Ethereum wallet', /^0x.* on eth with a throw-away key pair/m],
      ['Ethereum wallet of this browser', new RegExp(`^${evm.address.slice(0, 6)}…`, 'im')],
      ['Testwallet (Solana)', new RegExp(`^${solana.slice(0, 6)}…`, 'm')],
    ] as const) {
      await sample.logIn(name);
      expect(await sample.panel('Session').innerText()).toMatch(who);
      expect(await sample.send('1', 'Let in.')).toMatch(/"kind": "wallet"/);
      await sample.button('Log out').click();
      await sample.button(name).waitFor();
    }
  });

  it('shows that a thousand requests cost no call, and a hundred forged ones one', async () => {
    await sample.open();
    await sample.logIn();
    const live = sample.panel('Live');
    const counters = async (): Promise<string> => (await live.locator('.counters').innerText()).replace(/\s+/g, ' ');
    await sample.button('Count from zero').click();
    await until(async () => (await counters()).startsWith('requests decided 0 '));
    expect(await sample.send('1,000', '1,000 requests')).toMatch(/Coinflow was not asked.*1,000 × 200/s);
    await until(async () => (await counters()).startsWith('requests decided 1,000 calls to Coinflow for them 0 '));
    expect(await wallLabel()).toMatch(/^The last 1000 decisions: .*Memory: 1000$/);
    expect(sample.app.coinflow.countCalls('verify')).toBe(0);

    await sample.choose('Forged');
    expect(await sample.send('100', '100 requests')).toMatch(/Coinflow was asked once.*100 × 401/s);
    expect(sample.app.coinflow.countCalls('verify')).toBe(1);
  });

  it('goes on shopping through an outage, and recovers', async () => {
    await sample.open();
    await sample.logIn();
    await sample.choose('Outage');
    await sample.text(/^Coinflow answers everything with 503/).waitFor();
    await sample.turn(/^Keep shopping/);
    await sample.turn(/^Flood/);
    await feels('You', /^All \d+ let in/);
    // What nothing remembered is good enough for: an outage, or a full budget, stops it, and says so.
    await feels('Your payouts', /^0 of \d+ let in/);
    await feels('Your payouts', '503 COINFLOW_UNAVAILABLE');
    await sample.text(/made-up keys?, none let in/).waitFor();
    await sample.choose('POST /payouts');
    expect(await sample.send('1', 'Nobody can tell now')).toMatch(/503 COINFLOW_UNAVAILABLE/);
    await feels('You', /^All ([3-9]|\d\d) let in/);

    await sample.turn(/^Flood/, false);
    await sample.choose('Well');
    const { total } = sample.app.service.metrics().decisions;
    await sample.page.waitForTimeout(1_000);
    // A flood would have sent a hundred.
    expect(sample.app.service.metrics().decisions.total - total).toBeLessThan(50);
    // The module leaves Coinflow alone for five seconds after an outage.
    await until(async () => (await sample.send('1', '1 request')).includes('201'));
    expect(await felt('You').innerText()).toMatch(/^All \d+ let in/m);
    await sample.turn(/^Keep shopping/, false);
  });

  it('sees a short-lived key expire, and gets a new one', async () => {
    await sample.open();
    await sample.choose('20 s');
    await sample.text(/^Keys made from now on live 20 s/).waitFor();
    sample.app.coinflow.setIssuance({ lifetimeSeconds: 1 });
    // A slow browser may see no second of its life.
    await sample.button('Log in as alice').click();
    await sample.text('Expired: get a new key.').waitFor();
    await until(async () => (await sample.send('1', '1 request')).includes('COINFLOW_SESSION_KEY_EXPIRED'));
    sample.app.coinflow.setIssuance({ lifetimeSeconds: 60 });
    await sample.button('Ask for the key again').click();
    await sample.text(/^Expires in/).waitFor();
    await sample.send('1', 'Let in.');

    // A shopper's page does so by itself.
    sample.app.coinflow.setIssuance({ lifetimeSeconds: 2 });
    await sample.button('Revoke your key').click();
    await sample.text(/^Revoked:/).waitFor();
    await sample.turn(/^Keep shopping/);
    await feels('You', /session renewed ([2-9]|\d\d+) times/);
    await sample.turn(/^Keep shopping/, false);
  });

  it('warns of a clock that is off', async () => {
    await sample.open();
    await sample.logIn();
    await sample.text(/^Within \d+ s of the merchant’s/).waitFor();
    await sample.choose('5 min fast');
    await sample.choose('POST /payouts');
    await sample.send('1', 'Let in.');
    await sample.text(/^\d min ahead of the merchant’s: set the clock/).waitFor();
    await sample.choose('Right');
  });

  it('does all of it on Fastify, too', async () => {
    await sample.app.close();
    await sample.startApp('fastify');
    await sample.open();
    await sample.logIn();
    expect(await sample.send('100', '100 requests')).toMatch(/Coinflow was not asked.*100 × 200/s);
    await until(async () => /Memory: \d\d|Own tag: \d\d/.test(await wallLabel()));
    await sample.choose('Outage');
    await sample.text(/^Coinflow answers everything with 503/).waitFor();
    await sample.choose('POST /payouts');
    expect(await sample.send('1', 'Nobody can tell now')).toMatch(/503 COINFLOW_UNAVAILABLE/);
    await sample.choose('Well');
    await sample.button('Send it twice').click();
    await sample.panel('Webhooks').getByText('The balance moved by $5.00 in all.').waitFor();
  });

  it('tells of the decision that the mouse is on', async () => {
    await sample.open();
    await sample.logIn();
    await sample.send('100', '100 requests');
    const wall = sample.panel('Live').locator('.wall');
    await wall.scrollIntoViewIfNeeded();
    await wall.locator('canvas').hover({ position: { x: 16, y: 5 } });
    await wall.getByText(/^\d\d:\d\d:\d\d, MeController\.me, alice: let in\. Memory: /).waitFor();
    await sample.page.mouse.move(0, 0);
    await wall.getByText('The last 1,000 decisions, one square each.').waitFor();
  });

  it('says why it shows nothing and that the stream is broken, and comes back', async () => {
    await sample.open();
    let away = 'state';
    await sample.page.route('**/demo/*', (route) =>
      route.request().url().endsWith(away) ? route.fulfill({ status: 403, body: '{}' }) : route.continue(),
    );
    await sample.page.reload();
    await sample.text(/only to this machine/).waitFor();
    away = 'events';
    await sample.button('Try again').click();
    await sample.button('Log in as alice').waitFor();
    await sample.page.reload();
    await sample.text(/^The event stream is broken/).waitFor();
    away = 'nothing';
    await until(async () => (await sample.panel('Live').getByRole('status').innerText()) === 'Live');
  });

  it('leaves out the switches where Coinflow is the real one, and the rest works', async () => {
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
    await sample.text('This is the real Coinflow').waitFor();
    expect(await sample.page.getByRole('radio', { name: 'Outage' }).count()).toBe(0);
    await sample.logIn();
    await sample.choose('Another merchant’s');
    expect(await sample.send('1', 'belongs to another merchant')).toContain('COINFLOW_SESSION_WRONG_MERCHANT');
  });

  it('can be used by everybody, in light and dark, wide and narrow', async () => {
    await sample.open();
    await everywhere(async () => expect(await accessibilityProblems()).toEqual([]));
    await sample.logIn();
    await sample.choose('None');
    await sample.send('1', 'carries no session key');
    await sample.turn(/^Keep shopping/);
    await feels('You', /^All \d+ let in/);
    await sample.button('Send it twice').click();
    await sample.text(/moved by \$5.00 in all/).waitFor();
    await sample.text('The last decisions, as a list').click();
    await everywhere(async () => {
      expect(await accessibilityProblems()).toEqual([]);
      expect(
        await sample.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
      ).toBe(0);
    });
    await sample.turn(/^Keep shopping/, false);
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

  /** What axe finds that is serious. It is evaluated, since the page’s policy lets no script in. */
  async function accessibilityProblems(): Promise<string[]> {
    await sample.page.evaluate(await readFile(AXE, 'utf8'));
    const found: { violations: { id: string; impact: string; nodes: { html: string }[] }[] } =
      await sample.page.evaluate('axe.run()');
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }
});

/** A wallet as an extension registers it; it signs with a function that the test has put into the page. */
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
