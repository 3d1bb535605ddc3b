import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoinflowAuthenticator } from './coinflow-authenticator.js';
import { resolveOptions } from './options/resolve-options.js';

const SECRETS = { apiKey: 'canary-api-key', sealKeys: [Buffer.alloc(32, 7).toString('base64')] };

describe('CoinflowAuthenticator', () => {
  let authenticator: CoinflowAuthenticator;

  beforeEach(() => {
    authenticator = new CoinflowAuthenticator(resolveOptions({ env: 'prod', merchantId: 'ours', ...SECRETS }), 'eu');
  });

  afterEach(() => authenticator.onApplicationShutdown());

  it('shows no secret of the options when it is inspected or written as JSON', () => {
    const shown = inspect(authenticator, { depth: 10, showHidden: true }) + JSON.stringify(authenticator);
    expect(shown).toContain('CoinflowAuthenticator');
    expect(shown).not.toContain('canary');
    expect(shown).not.toContain(SECRETS.sealKeys[0]);
  });

  it('rejects a missing key and a key that is not a string synchronously', () => {
    expect(authenticator.authenticate('', {}, undefined)).toMatchObject({
      decidedBy: 'request',
      error: { code: 'COINFLOW_SESSION_KEY_MISSING' },
    });
    expect(authenticator.authenticate(7 as never, {}, undefined)).toMatchObject({
      decidedBy: 'request',
      error: { code: 'COINFLOW_SESSION_KEY_MALFORMED', reason: 'not-a-string' },
    });
  });
});
