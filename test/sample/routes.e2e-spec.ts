import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createSampleApp, type SampleApp } from '../harness/create-sample-app.js';
import { PLATFORMS } from '../harness/create-test-app.js';
import { npmStart } from '../harness/npm-start.js';

const ROUTES = `
access    policy       kind      route                              handler
public                 http      GET /coinflow/session-key          SessionKeyController.create
public                 http      POST /coinflow/wallet/message      WalletController.message
public                 http      POST /coinflow/wallet/session-key  WalletController.sessionKey
required               http      POST /auth/logout                  LogoutController.logOut
required               http      GET /me                            MeController.me
required               http      GET /me/balance                    MeController.balance
optional               http      GET /catalog                       CatalogController.catalog
required               http      POST /checkout                     CheckoutController.pay
required  maxAgeMs: 0  http      POST /payouts                      PayoutsController.pay
webhook                http      POST /webhooks/coinflow            WebhooksController.receive
public                 http      POST /auth/login                   LoginController.login
public                 http      GET /health                        HealthController.check
public                 http      GET /coinflow/metrics              MetricsController.metrics
public                 http      GET /demo/state                    DemoController.state
public                 http      GET /demo/events                   DemoController.streamEvents
public                 http      PATCH /demo/coinflow               DemoController.changeEmulator
public                 http      POST /demo/keys                    DemoController.createKey
public                 http      POST /demo/webhooks                DemoController.sendWebhook
required               query     me                                 ShopResolver.me
required               field     Me.balance                         ShopResolver.balance
required  maxAgeMs: 0  mutation  createPayout                       ShopResolver.createPayout
`;

let holder: Server | undefined;
let app: SampleApp | undefined;

afterEach(async () => {
  holder?.close();
  await app?.close();
  app = holder = undefined;
});

describe.each(PLATFORMS)('the routes of the sample on %s', (platform) => {
  it('npm start -- --routes prints the access and the policy of each, and needs no port', async () => {
    const server = (holder = createServer());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = String((server.address() as AddressInfo).port);
    const started = npmStart({ PORT: port, COINFLOW_EMULATOR_PORT: port, PLATFORM: platform }, '--routes');
    expect(await started.exit).toBe(0);
    expect(started.output()).toBe(ROUTES.trimStart());
  });

  it('the route audit of the sample has nothing to warn of', async () => {
    app = await createSampleApp({ platform, env: { COINFLOW_WEBHOOK_VALIDATION_KEY: 'key' } });
    expect(app.authenticator.options.routeAudit).toBe('warn');
    expect(app.logger.at('warn')).toEqual([]);
  });
});
