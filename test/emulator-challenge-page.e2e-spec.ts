import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import type { Browser, Page } from 'playwright-core';
import { describeWithChromium, openPage, startBrowser } from './harness/browser.js';
import { EmulatorClient } from './harness/emulator-client.js';

const CHECKOUT = 'POST /checkout/card/{merchantId}';
const card = {
  cardToken: '400002DEMO0000',
  expMonth: '08',
  expYear: '27',
  email: 'alice@example.com',
  firstName: 'Alice',
  lastName: 'Liddell',
};

/** The page of a merchant. It shows a challenge as Coinflow documents: a form in a frame posts `creq` to the bank. */
const MERCHANT = `<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<iframe style="width:400px;height:420px"></iframe>
<script>
  addEventListener('message', (event) => { document.title = event.data; });
  function show(url, creq) {
    document.querySelector('iframe').srcdoc = \`<form method="post" action="\${url}"><input name="creq" value="\${creq}"></form>
      <script>document.forms[0].submit()<\\/script>\`;
  }
</script>`;

describeWithChromium('emulator: the challenge page in a browser', () => {
  let coinflow: CoinflowEmulator;
  let merchant: Server;
  let browser: Browser;

  beforeAll(async () => {
    coinflow = await startCoinflowEmulator();
    merchant = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(MERCHANT));
    await new Promise<void>((resolve) => merchant.listen(0, '127.0.0.1', resolve));
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await coinflow.close();
    await new Promise((resolve) => merchant.close(resolve));
  });

  it.each([
    ['Approve', 'challenge_success', 200],
    ['Fail', 'challenge_failure', 400],
  ])('lets the user choose %s in a frame of another origin and tells that page', async (button, message, status) => {
    const client = new EmulatorClient(coinflow);
    const session = await client.session();
    const checkout = { subtotal: { cents: 500 }, card };
    const { body } = await client.call(CHECKOUT, session, checkout);
    const { url, creq, transactionId } = body as Record<'url' | 'creq' | 'transactionId', string>;

    const { page, problems } = await openPage(browser);
    await page.goto(`http://127.0.0.1:${(merchant.address() as AddressInfo).port}`);
    await show(page, url, creq);
    const frame = page.frameLocator('iframe');
    await frame.getByText('5.00 USD').waitFor();
    await frame.getByRole('button', { name: button }).click();
    await page.waitForFunction(`document.title === '${message}'`);

    expect(problems).toEqual([]);
    const concluded = await client.call(CHECKOUT, session, { ...checkout, authentication3DS: { transactionId } });
    expect(concluded.status).toBe(status);
    await page.context().close();
  });
});

function show(page: Page, url: string, creq: string): Promise<unknown> {
  return page.evaluate(`show(${JSON.stringify(url)}, ${JSON.stringify(creq)})`);
}
