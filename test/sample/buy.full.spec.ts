import { expect, it } from '@jest/globals';
import type { FrameLocator, Locator } from 'playwright-core';
import { describePage } from '../harness/sample-page.js';
import { until } from '../harness/until.js';

const OPERATION = 'POST /checkout/card/{merchantId}';

describePage('the panel "Buy"', (sample) => {
  const panel = (): Locator => sample.panel('Buy');
  const shows = (words: string | RegExp): Promise<void> => panel().getByText(words).waitFor();
  const balance = (money: string): Promise<void> =>
    sample.panel('Webhooks').locator('.balance').getByText(money, { exact: true }).waitFor();
  const charges = (): number => sample.app.coinflow.payments.length;
  const bank = (): FrameLocator => panel().frameLocator('iframe');
  const announced = (): Promise<string> => sample.page.locator('p[aria-live]').innerText();

  async function open(): Promise<void> {
    await sample.open();
    await sample.logIn();
    await balance('$0.00');
  }

  async function buy(card: string, amount = '$5.00'): Promise<void> {
    await sample.choose(card);
    await sample.choose(amount);
    await sample.button(`Buy for ${amount}`).click();
  }

  it('charges a card, and shows when the webhook has credited the payment', async () => {
    await sample.open();
    expect(await sample.button('Buy for $5.00').isDisabled()).toBe(true);
    await sample.logIn();
    await balance('$0.00');
    await buy('Approved', '$20.00');
    await shows('Paid $20.00.');
    await shows('Credited: your balance is $20.00.');
    await balance('$20.00');
    expect(await announced()).toBe('Paid $20.00.');
    await buy('Frictionless', '$100.00');
    await shows('Credited: your balance is $120.00.');
    expect(charges()).toBe(2);
  });

  it('shows that a card was declined, and charges another one', async () => {
    await open();
    await buy('Declined');
    await shows('Declined. The card was not charged.');
    await sample.choose('Fraud');
    await sample.button('Buy for $5.00').click();
    await until(() => sample.app.coinflow.countCalls(OPERATION) === 2);
    await shows('Declined. The card was not charged.');
    expect(charges()).toBe(0);
    await buy('Approved');
    await shows('Credited: your balance is $5.00.');
  });

  it('opens the challenge of the bank, and charges the card after the user has approved', async () => {
    await open();
    await buy('3-D Secure');
    await bank().getByText('5.00 USD').waitFor();
    expect(await sample.button('Buy for $5.00').isDisabled()).toBe(true);
    expect(charges()).toBe(0);
    // The challenge belongs to the order, whatever the user chooses meanwhile.
    await sample.choose('$100.00');
    await bank().getByRole('button', { name: 'Approve' }).click();
    await shows('Credited: your balance is $5.00.');
    expect(await panel().locator('iframe').count()).toBe(0);
    expect(charges()).toBe(1);
  });

  it('declines the card after the user has failed the challenge, and forgets a cancelled one', async () => {
    await open();
    await buy('3-D Secure');
    await bank().getByRole('button', { name: 'Fail' }).click();
    await shows('Declined. The card was not charged.');
    await buy('3-D Secure');
    await bank().getByText('5.00 USD').waitFor();
    await sample.button('Cancel').click();
    await until(async () => (await panel().locator('iframe').count()) === 0);
    expect(charges()).toBe(0);
  });

  it('ignores messages that do not come from the page of the bank', async () => {
    await open();
    await buy('3-D Secure');
    await bank().getByText('5.00 USD').waitFor();
    await sample.page.evaluate("postMessage('challenge_success', '*')");
    await sample.page.waitForTimeout(300);
    expect(sample.app.coinflow.countCalls(OPERATION)).toBe(1);
    await bank().getByRole('button', { name: 'Approve' }).waitFor();
  });

  it('shows that a blocked user cannot pay', async () => {
    await open();
    await sample.choose('User blocked');
    await sample.text(/^Coinflow responds with 423/).waitFor();
    await buy('Approved');
    await shows(/^Blocked\. The merchant has blocked this user/);
    await sample.choose('As chosen');
    await sample.text(/^Each demo card does/).waitFor();
    await buy('Approved');
    await shows('Credited: your balance is $5.00.');
    expect(charges()).toBe(1);
  });

  it('warns of a second payment while the outcome is unknown, until the webhook arrives', async () => {
    await open();
    await sample.choose('Response lost');
    await sample.text(/^Coinflow charges the card, and its response does not arrive/).waitFor();
    sample.app.coinflow.clearWebhooks();
    await buy('Approved');
    await shows('Unknown whether you have paid: no clear response arrived.');
    await shows(/^Do not pay again\. /);
    expect(await sample.button('Buy for $5.00').isDisabled()).toBe(true);
    expect(charges()).toBe(1);
    const { paymentId: id, subtotal } = sample.app.coinflow.payments[0] ?? {};
    sample.registerWebhook();
    await sample.app.coinflow.sendWebhook({ eventType: 'Settled', data: { id, customerId: 'alice', subtotal } });
    await shows('Credited: your balance is $5.00.');
    expect(await sample.button('Buy for $5.00').isEnabled()).toBe(true);
    expect(charges()).toBe(1);
  });

  it('lets a user pay again who has checked that an outage charged nothing', async () => {
    await open();
    await sample.choose('Outage');
    await sample.text(/^Coinflow responds with 503/).waitFor();
    await buy('Approved');
    await shows(/^Do not pay again\. /);
    await sample.choose('Healthy');
    await sample.text('Coinflow responds normally.').waitFor();
    await sample.button(/^I have checked/).click();
    await buy('Approved');
    await shows('Credited: your balance is $5.00.');
    expect(charges()).toBe(1);
  });

  it('ends a purchase with the session of its user', async () => {
    await open();
    await buy('3-D Secure');
    await bank().getByText('5.00 USD').waitFor();
    await sample.button('Log out').click();
    await panel().getByText('Log in to buy.').waitFor();
    expect(await panel().locator('.purchase').count()).toBe(0);
  });
});
