import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { base58 } from '@scure/base';
import type { Browser, Locator, Page } from 'playwright-core';
import nacl from 'tweetnacl';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { describeWithChromium, openPage, startBrowser, type PageOptions, type WatchedPage } from './harness/browser.js';
import type { Platform } from '../apps/sample/src/create-app.js';
import { createSampleApp, type SampleApp } from './harness/create-sample-app.js';
import { buildForProcesses } from './harness/listening-process.js';
import { until } from './harness/until.js';

const WEBHOOK_KEY = 'canary_webhook_key_of_the_page';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describeWithChromium('the page in a browser', () => {
  let browser: Browser;
  let app: SampleApp;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    buildForProcesses();
    browser = await startBrowser();
  }, 180_000);

  beforeEach(() => startApp('express'));

  async function startApp(platform: Platform): Promise<void> {
    app = await createSampleApp({ platform, env: { COINFLOW_WEBHOOK_VALIDATION_KEY: WEBHOOK_KEY } });
    app.coinflow.registerWebhook({ url: `${app.url}/webhooks/coinflow`, key: WEBHOOK_KEY });
  }

  afterEach(async () => {
    await page.context().close();
    await app.close();
    expect(watched.complaints).toEqual([]);
  });

  afterAll(() => browser.close());

  async function open(options?: PageOptions): Promise<void> {
    watched = await openPage(browser, options);
    ({ page } = watched);
    await page.goto(app.url);
    await text('Live', { exact: true }).last().waitFor();
  }

  const button = (name: string | RegExp): Locator => page.getByRole('button', { name, exact: true });
  const text = (words: string | RegExp, options = {}): Locator => page.locator('#main').getByText(words, options);
  const panel = (name: string): Locator => page.getByRole('region', { name });
  const choose = (name: string | RegExp): Promise<void> =>
    page.getByRole('radio', { name, exact: true }).check({ force: true });
  const turn = (name: RegExp, on = true): Promise<void> =>
    page.getByRole('switch', { name }).setChecked(on, { force: true });
  /** What a row of “Break it” says: how it goes for somebody. */
  const felt = (who: string): Locator =>
    page.locator('.feel-row').filter({ has: page.getByRole('heading', { name: who, exact: true }) });
  const feels = (who: string, words: string | RegExp): Promise<void> => felt(who).getByText(words).waitFor();
  const wallLabel = async (): Promise<string> =>
    (await panel('Live')
      .getByRole('img', { name: /^The last \d+ decisions/ })
      .getAttribute('aria-label')) ?? '';
  const result = (): Locator => page.locator('.result');

  async function logIn(as = 'Log in as alice'): Promise<void> {
    await button(as).click();
    await text(/^Expires in/).waitFor();
  }

  /** Sends, and waits for what came of these very requests. */
  async function send(count: string, words: string | RegExp): Promise<string> {
    await button(`Send ${count}`).click();
    await button(`Send ${count}`).and(page.locator(':enabled')).waitFor({ timeout: 60_000 });
    await result().getByText(words).first().waitFor();
    return result().innerText();
  }

  it('logs a user in, shows whose session it is, and gives no secret away', async () => {
    await open({ keepBodies: true });
    await logIn();
    const session = panel('Session');
    expect(await session.innerText()).toMatch(/alice with a password.*at demo-merchant/s);
    expect(await session.getByRole('progressbar').getAttribute('aria-valuetext')).toMatch(/^Expires in 2\d h/);

    const { key } = await app.service.createSessionKey({ userId: 'alice' }, { clientIp: '127.0.0.1' });
    expect(await page.content()).not.toContain(key);
    expect(
      await page.evaluate(
        'JSON.stringify([location.href, localStorage.length, sessionStorage.length, document.cookie])',
      ),
    ).toBe(JSON.stringify([`${app.url}/`, 0, 0, '']));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await button('Copy plain key').click();
    await button('Copied plain key').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key);

    await send('100', '100 requests');
    const [apiKey] = app.coinflow.merchants.map((merchant) => merchant.apiKey);
    const isLeak = (body: string): boolean => body.includes(String(apiKey)) || body.includes(WEBHOOK_KEY);
    const bodies = await Promise.all(watched.bodies);
    expect(bodies.length).toBeGreaterThan(100);
    expect(bodies.filter(isLeak)).toEqual([]);
    await until(async () => (await watched.toldEvents()).join().split('MeController.me').length > 100);
    const told = await watched.toldEvents();
    expect(told.filter((event) => isLeak(event) || event.includes(key))).toEqual([]);
    expect(watched.urls.length).toBeGreaterThan(100);
    expect(watched.urls.filter((url) => url.includes(key.slice(-20)))).toEqual([]);
  });

  it('signs in with wallets, those of the browser and throw-away ones', async () => {
    const evm = privateKeyToAccount(generatePrivateKey());
    const { publicKey, secretKey } = nacl.sign.keyPair();
    const solana = base58.encode(publicKey);
    await open({
      prepare: async (page) => {
        await page.exposeFunction('askWallet', ({ method, params }: { method: string; params?: [`0x${string}`] }) =>
          method === 'personal_sign' && params
            ? evm.signMessage({ message: { raw: params[0] } })
            : [evm.address.toLowerCase()],
        );
        await page.exposeFunction('signBytes', (bytes: number[]) => [
          ...nacl.sign.detached(Uint8Array.from(bytes), secretKey),
        ]);
        await page.addInitScript({ content: 'window.ethereum = { request: (call) => window.askWallet(call) };' });
        await page.addInitScript({ content: standardWallet(solana) });
      },
    });
    for (const [name, who] of [
      ['Throw-away Solana wallet', /on solana with a throw-away key pair/],
      ['Throw-away Ethereum wallet', /^0x.* on eth with a throw-away key pair/m],
      ['Ethereum wallet of this browser', new RegExp(`^${evm.address.slice(0, 6)}…`, 'im')],
      ['Testwallet (Solana)', new RegExp(`^${solana.slice(0, 6)}…`, 'm')],
    ] as const) {
      await logIn(name);
      expect(await panel('Session').innerText()).toMatch(who);
      expect(await send('1', 'Let in.')).toMatch(/"kind": "wallet"/);
      await button('Log out').click();
      await button(name).waitFor();
    }
  });

  it('says what each kind of key comes to', async () => {
    await open();
    await logIn();
    for (const [kind, status, code, meaning] of [
      ['Yours, attested', 200, '', 'Let in.'],
      ['Yours, plain', 200, '', 'Let in.'],
      ['None', 401, 'COINFLOW_SESSION_KEY_MISSING', 'carries no session key'],
      ['Forged', 401, 'COINFLOW_SESSION_REJECTED', 'Coinflow said no'],
      ['Another merchant’s', 401, 'COINFLOW_SESSION_WRONG_MERCHANT', 'is another merchant’s'],
      ['Expired', 401, 'COINFLOW_SESSION_KEY_EXPIRED', 'has passed'],
    ] as const) {
      await choose(kind);
      expect(await send('1', meaning)).toMatch(new RegExp(`${status}.*${code}`));
    }
    await button('Revoke your key').click();
    await text(/^Revoked:/).waitFor();
    await choose('Revoked');
    expect(await send('1', 'revoked this session key')).toMatch(/401.*COINFLOW_SESSION_REVOKED/);
    await button('Get a new key').click();
    await text(/^Expires in/).waitFor();
    await choose('Yours, plain');
    await send('1', 'Let in.');
    await button('Log out').click();
    await button('Log in as alice').waitFor();
    await choose('Revoked');
    expect(await send('1', 'revoked this session key')).toMatch(/401.*COINFLOW_SESSION_REVOKED/);
  });

  it('shows that a thousand requests cost no call, and a hundred forged ones one', async () => {
    await open();
    await logIn();
    const live = panel('Live');
    const counters = async (): Promise<string> => (await live.locator('.counters').innerText()).replace(/\s+/g, ' ');
    await button('Count from zero').click();
    await until(async () => (await counters()).startsWith('requests decided 0 '));
    expect(await send('1,000', '1,000 requests')).toMatch(/Coinflow was not asked.*1,000 × 200/s);
    await until(async () => (await counters()).startsWith('requests decided 1,000 calls to Coinflow for them 0 '));
    expect(await wallLabel()).toMatch(/^The last 1000 decisions: .*Memory: 1000$/);
    expect(app.coinflow.countCalls('verify')).toBe(0);

    await choose('Forged');
    expect(await send('100', '100 requests')).toMatch(/Coinflow was asked once.*100 × 401/s);
    expect(app.coinflow.countCalls('verify')).toBe(1);
  }, 90_000);

  it('goes on shopping through an outage, and recovers', async () => {
    await open();
    await logIn();
    await choose('Outage');
    await text(/^Coinflow answers everything with 503/).waitFor();
    await turn(/^Keep shopping/);
    await turn(/^Flood/);
    await feels('You', /^All \d+ let in/);
    // What nothing remembered is good enough for: an outage, or a full budget, stops it, and says so.
    await feels('Your payouts', /^0 of \d+ let in/);
    await feels('Your payouts', '503 COINFLOW_UNAVAILABLE');
    await text(/made-up keys?, none let in/).waitFor();
    await choose('POST /payouts');
    expect(await send('1', 'Nobody can tell now')).toMatch(/503 COINFLOW_UNAVAILABLE/);
    await feels('You', /^All ([3-9]|\d\d) let in/);

    await turn(/^Flood/, false);
    await choose('Well');
    const { total } = app.service.metrics().decisions;
    await page.waitForTimeout(1_000);
    // A flood would have sent a hundred.
    expect(app.service.metrics().decisions.total - total).toBeLessThan(50);
    // The module leaves Coinflow alone for five seconds after an outage.
    await until(async () => (await send('1', '1 request')).includes('201'));
    expect(await felt('You').innerText()).toMatch(/^All \d+ let in/m);
    await turn(/^Keep shopping/, false);
  });

  it('sees a short-lived key expire, and gets a new one', async () => {
    await open();
    await choose('20 s');
    await text(/^Keys made from now on live 20 s/).waitFor();
    app.coinflow.setMinting({ lifetimeSeconds: 1 });
    await logIn();
    await text('Expired: get a new key.').waitFor();
    await until(async () => (await send('1', '1 request')).includes('COINFLOW_SESSION_KEY_EXPIRED'));
    app.coinflow.setMinting({ lifetimeSeconds: 60 });
    await button('Ask for the key again').click();
    await text(/^Expires in/).waitFor();
    await send('1', 'Let in.');

    // A shopper's page does so by itself.
    app.coinflow.setMinting({ lifetimeSeconds: 2 });
    await button('Revoke your key').click();
    await text(/^Revoked:/).waitFor();
    await turn(/^Keep shopping/);
    await feels('You', /session renewed [2-9] times/);
    await turn(/^Keep shopping/, false);
  });

  it('warns of a clock that is off', async () => {
    await open();
    await logIn();
    await text(/^Within \d+ s of the merchant’s/).waitFor();
    await choose('5 min fast');
    await choose('POST /payouts');
    await send('1', 'Let in.');
    await text(/^\d min ahead of the merchant’s: set the clock/).waitFor();
    await choose('Right');
  });

  it('does all of it on Fastify, too', async () => {
    await app.close();
    await startApp('fastify');
    await open();
    await logIn();
    expect(await send('100', '100 requests')).toMatch(/Coinflow was not asked.*100 × 200/s);
    await until(async () => /Memory: \d\d|Own tag: \d\d/.test(await wallLabel()));
    await choose('Outage');
    await text(/^Coinflow answers everything with 503/).waitFor();
    await choose('POST /payouts');
    expect(await send('1', 'Nobody can tell now')).toMatch(/503 COINFLOW_UNAVAILABLE/);
    await choose('Well');
    await button('Send it twice').click();
    await panel('Webhooks').getByText('The balance moved by $5.00 in all.').waitFor();
  });

  it('tells of the decision that the mouse is on', async () => {
    await open();
    await logIn();
    await send('100', '100 requests');
    const wall = panel('Live').locator('.wall');
    await wall.scrollIntoViewIfNeeded();
    await wall.locator('canvas').hover({ position: { x: 16, y: 5 } });
    await wall.getByText(/^\d\d:\d\d:\d\d, MeController\.me, alice: let in\. Memory: /).waitFor();
    await page.mouse.move(0, 0);
    await wall.getByText('The last 1,000 decisions, one square each.').waitFor();
  });

  it('moves the balance once for a webhook that comes twice, and not for a forged one', async () => {
    await open();
    await logIn();
    const webhooks = panel('Webhooks');
    await button('Send it twice').click();
    await webhooks.getByText('The balance moved by $5.00 in all.').waitFor();
    await button('Forge one').click();
    await webhooks.getByText(/answered 401\. The balance has not moved\./).waitFor();
    await button('Settle $5.00').click();
    await webhooks.getByText('The balance moved by $5.00.').waitFor();
    expect(await webhooks.locator('.balance').innerText()).toContain('$10.00');
  });

  it('says why it shows nothing and that the stream is broken, and comes back', async () => {
    await open();
    let away = 'state';
    await page.route('**/demo/*', (route) =>
      route.request().url().endsWith(away) ? route.fulfill({ status: 403, body: '{}' }) : route.continue(),
    );
    await page.reload();
    await text(/only to this machine/).waitFor();
    away = 'events';
    await button('Try again').click();
    await button('Log in as alice').waitFor();
    await page.reload();
    await text(/^The event stream is broken/).waitFor();
    away = 'nothing';
    await until(async () => (await panel('Live').getByRole('status').innerText()) === 'Live');
  });

  it('leaves out the switches where Coinflow is the real one, and the rest works', async () => {
    await open({
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
    await text('This is the real Coinflow').waitFor();
    expect(await page.getByRole('radio', { name: 'Outage' }).count()).toBe(0);
    await logIn();
    await choose('Another merchant’s');
    expect(await send('1', 'is another merchant’s')).toContain('COINFLOW_SESSION_WRONG_MERCHANT');
  });

  it('can be used by everybody, in light and dark, wide and narrow', async () => {
    await open();
    await everywhere(async () => expect(await accessibilityProblems()).toEqual([]));
    await logIn();
    await choose('None');
    await send('1', 'carries no session key');
    await turn(/^Keep shopping/);
    await feels('You', /^All \d+ let in/);
    await button('Send it twice').click();
    await text(/moved by \$5.00 in all/).waitFor();
    await text('The last decisions, as a list').click();
    await everywhere(async () => {
      expect(await accessibilityProblems()).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(
        0,
      );
    });
    await turn(/^Keep shopping/, false);
  }, 60_000);

  async function everywhere(look: () => Promise<void>): Promise<void> {
    for (const width of [1_280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await look();
      }
    }
  }

  it('is worked with the keyboard', async () => {
    await open();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await button('Log in as alice').focus();
    await page.keyboard.press('Enter');
    await text(/^Expires in/).waitFor();
    await page.getByRole('radio', { name: 'Yours, attested' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('radio', { name: 'None' }).isChecked()).toBe(true);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Send 1');
    await page.keyboard.press('Space');
    await text('COINFLOW_SESSION_KEY_MISSING').first().waitFor();
    expect(await page.locator('p[aria-live]').innerText()).toBe('1 request, answered 401. Coinflow was not asked.');
  });

  const focused = (): Promise<unknown> => page.evaluate('document.activeElement.textContent');

  /** What axe finds that is serious. It is evaluated, since the page’s policy lets no script in. */
  async function accessibilityProblems(): Promise<string[]> {
    await page.evaluate(await readFile(AXE, 'utf8'));
    const found: { violations: { id: string; impact: string; nodes: { html: string }[] }[] } =
      await page.evaluate('axe.run()');
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
