import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { CoinflowAuth, CoinflowAuthService } from 'nestjs-coinflow-auth';
import { PLATFORMS, createTestApp, unseenKey, type TestApp } from './harness/create-test-app.js';
import { json, startScriptedServer, type ScriptedServer } from './harness/scripted-server.js';

const MESSAGE = 'a message from Coinflow';
const WALLET = { wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', blockchain: 'eth' } as const;
const STATUSES = [400, 401, 403, 404, 409, 422, 423, 429, 451, 500, 503];

@Controller()
class CallsController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  @Get('message')
  async message(): Promise<object> {
    return this.coinflow.getMessage(WALLET);
  }

  @Get('user-key')
  async userKey(): Promise<object> {
    return this.coinflow.createSessionKey({ userId: 'alice' });
  }

  @Get('wallet-key')
  async walletKey(): Promise<object> {
    return this.coinflow.createSessionKeyWithSignature({ ...WALLET, signedMessage: 'signed' });
  }

  @Get('guarded')
  @CoinflowAuth()
  guarded(): string {
    return 'guarded';
  }
}

describe.each(PLATFORMS)('the message of an error response of Coinflow, on %s', (platform) => {
  let app: TestApp;
  let coinflow: ScriptedServer;

  beforeEach(async () => {
    coinflow = await startScriptedServer();
    const options = { baseUrl: coinflow.url, http: { retries: 0 } };
    app = await createTestApp({ platform, controllers: [CallsController], options });
  });
  afterEach(async () => {
    await app.close();
    coinflow.close();
  });

  it.each(STATUSES)(
    'logs the message of a Coinflow response with status %s and sends it to no client',
    async (status) => {
      const body = {
        message: MESSAGE,
        details: MESSAGE,
        msg: MESSAGE,
        error: MESSAGE,
        reason: MESSAGE,
        debugId: MESSAGE,
      };
      coinflow.script(json(status, {}, JSON.stringify(body)));
      const answers = [
        await app.get('/message'),
        await app.get('/user-key'),
        await app.get('/wallet-key'),
        await app.get('/guarded', unseenKey(app.coinflow)),
      ];
      for (const answer of answers) {
        expect(answer.body).toMatchObject({ code: expect.stringMatching(/^COINFLOW_/) as unknown });
        expect(JSON.stringify([answer.text, answer.headers])).not.toContain(MESSAGE);
      }
      expect(app.logger.text).toContain(MESSAGE);
    },
  );

  it("does not send Coinflow's message to a client whose wallet Coinflow rejects", async () => {
    coinflow.script(json(422, {}, JSON.stringify({ message: MESSAGE })));
    expect(await app.get('/message')).toMatchObject({
      status: 400,
      body: { code: 'COINFLOW_INVALID_ARGUMENT', message: 'wallet is rejected by Coinflow' },
    });
    expect(app.logger.at('debug').join('\n')).toContain(MESSAGE);
  });
});
