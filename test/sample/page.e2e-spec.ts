import { expect, it } from '@jest/globals';
import { WEBHOOK_KEY, describePage } from '../harness/sample-page.js';
import { until } from '../harness/until.js';

describePage('the page', (sample) => {
  it('logs a user in, shows the session and reveals no secret', async () => {
    await sample.open({ keepBodies: true });
    await sample.logIn();
    const session = sample.panel('Session');
    expect(await session.innerText()).toMatch(/alice at demo-merchant, logged in with a password/);
    expect(await session.getByRole('progressbar').getAttribute('aria-valuetext')).toMatch(/^Expires in 2\d h/);

    const { key } = await sample.app.service.createSessionKey({ userId: 'alice' }, { clientIp: '127.0.0.1' });
    expect(await sample.page.content()).not.toContain(key);
    expect(
      await sample.page.evaluate(
        'JSON.stringify([location.href, localStorage.length, sessionStorage.length, document.cookie])',
      ),
    ).toBe(JSON.stringify([`${sample.app.url}/`, 0, 0, '']));
    await sample.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await sample.button('Copy plain key').click();
    await sample.button('Copied plain key').waitFor();
    expect(await sample.page.evaluate('navigator.clipboard.readText()')).toBe(key);

    await sample.send('100', '100 requests');
    const [apiKey] = sample.app.coinflow.merchants.map((merchant) => merchant.apiKey);
    const isLeak = (body: string): boolean => body.includes(String(apiKey)) || body.includes(WEBHOOK_KEY);
    const bodies = await Promise.all(sample.watched.bodies);
    expect(bodies.length).toBeGreaterThan(100);
    expect(bodies.filter(isLeak)).toEqual([]);
    await until(async () => (await sample.watched.streamedEvents()).join().split('MeController.me').length > 100);
    const streamed = await sample.watched.streamedEvents();
    expect(streamed.filter((event) => isLeak(event) || event.includes(key))).toEqual([]);
    expect(sample.watched.urls.length).toBeGreaterThan(100);
    expect(sample.watched.urls.filter((url) => url.includes(key.slice(-20)))).toEqual([]);
  });

  it('explains the response to each kind of key', async () => {
    await sample.open();
    await sample.logIn();
    for (const [kind, status, code, meaning] of [
      ['Attested', 200, '', 'Success.'],
      ['Plain', 200, '', 'Success.'],
      ['None', 401, 'COINFLOW_SESSION_KEY_MISSING', 'carries no session key'],
      ['Forged', 401, 'COINFLOW_SESSION_REJECTED', 'Coinflow rejected the session key'],
      ['Other merchant', 401, 'COINFLOW_SESSION_WRONG_MERCHANT', 'belongs to another merchant'],
      ['Expired', 401, 'COINFLOW_SESSION_KEY_EXPIRED', 'has passed'],
    ] as const) {
      await sample.choose(kind);
      expect(await sample.send('1', meaning)).toMatch(new RegExp(`${status}.*${code}`));
    }
    await sample.button('Revoke your key').click();
    await sample.text(/^Revoked\. /).waitFor();
    await sample.choose('Revoked');
    expect(await sample.send('1', 'revoked this session key')).toMatch(/401.*COINFLOW_SESSION_REVOKED/);
    await sample.button('Get a new key').click();
    await sample.text(/^Expires in/).waitFor();
    await sample.choose('Plain');
    await sample.send('1', 'Success.');
    await sample.button('Log out').click();
    await sample.button('Log in as alice').waitFor();
    await sample.choose('Revoked');
    expect(await sample.send('1', 'revoked this session key')).toMatch(/401.*COINFLOW_SESSION_REVOKED/);
  });

  it('credits a duplicate webhook once and a forged one never', async () => {
    await sample.open();
    await sample.logIn();
    const webhooks = sample.panel('Webhooks');
    await sample.button('Send a duplicate').click();
    await webhooks.getByText('The balance increased by $5.00 in total.').waitFor();
    await sample.button('Forge a signature').click();
    await webhooks.getByText(/response 401\. The balance did not change\./).waitFor();
    await sample.button('Settle $5.00').click();
    await webhooks.getByText('The balance increased by $5.00.').waitFor();
    expect(await webhooks.locator('.balance').innerText()).toContain('$10.00');
  });

  it('shows the balance live, whoever the webhook comes from, until the session is revoked', async () => {
    await sample.open();
    const shown = sample.panel('Webhooks').locator('.balance');
    expect(await shown.innerText()).toContain('Log in to see your balance.');
    await sample.logIn();
    await shown.getByText('Your balance, live').waitFor();
    const settle = (cents: number): Promise<unknown> =>
      sample.app.coinflow.sendWebhook({ eventType: 'Settled', data: { customerId: 'alice', subtotal: { cents } } });
    await settle(700);
    await shown.getByText('$7.00').waitFor();
    await settle(50);
    await shown.getByText('$7.50').waitFor();
    await sample.app.service.revokeSubject({ userId: 'alice' });
    await shown.getByText('The stream has ended with the session.').waitFor();
    expect(await shown.innerText()).toContain('$7.50');
    await sample.button('Log out').click();
    await shown.getByText('Log in to see your balance.').waitFor();
  });

  it('lets a user log in and send a request with the keyboard', async () => {
    await sample.open();
    await sample.page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await sample.button('Log in as alice').focus();
    await sample.page.keyboard.press('Enter');
    await sample.text(/^Expires in/).waitFor();
    await sample.page.getByRole('radio', { name: 'Attested' }).focus();
    await sample.page.keyboard.press('ArrowDown');
    await sample.page.keyboard.press('ArrowDown');
    expect(await sample.page.getByRole('radio', { name: 'None' }).isChecked()).toBe(true);
    await sample.page.keyboard.press('Tab');
    expect(await focused()).toBe('Send 1');
    await sample.page.keyboard.press('Space');
    await sample.text('COINFLOW_SESSION_KEY_MISSING').first().waitFor();
    expect(await sample.page.locator('p[aria-live]').innerText()).toBe('1 request, status 401. 0 Coinflow calls.');
  });

  const focused = (): Promise<unknown> => sample.page.evaluate('document.activeElement.textContent');
});
