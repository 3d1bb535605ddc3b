import { describe, expect, it } from '@jest/globals';
import { Linter } from 'eslint';
import { layerRules } from '../../eslint.layers.mjs';

const linter = new Linter({ cwd: new URL('../..', import.meta.url).pathname });

/** The rules that a file of the library breaks with this text. */
function lint(file: string, text: string): (string | null)[] {
  return linter.verify(text, layerRules, `libs/coinflow-auth/src/${file}`).map(({ ruleId }) => ruleId);
}

describe('the lint rule of the layers', () => {
  it.each([
    ['errors/coinflow-auth.errors.ts', `import '../session/claims.js';`],
    ['errors/coinflow-auth.errors.ts', `import '@nestjs/common';`],
    ['session/claims.ts', `import '../http/coinflow-response.js';`],
    ['extraction/cross-site.ts', `import '../options/tokens.js';`],
    ['http/coinflow-response.ts', `import '../verification/session-verifier.js';`],
    ['cache/session-cache.ts', `import '../contexts/http-context.js';`],
    ['verification/session-verifier.ts', `import '../coinflow-auth.service.js';`],
    ['coinflow-auth.service.ts', `import './coinflow-auth.guard.js';`],
    ['coinflow-auth.guard.ts', `import './index.js';`],
    ['contexts/http-context.ts', `import '../webhooks/signature.js';`],
    ['webhooks/coinflow-webhooks.ts', `import '../coinflow-auth.service.js';`],
    ['webhooks/coinflow-webhooks.ts', `import '../decorators/webhook.decorators.js';`],
    ['webhooks/coinflow-webhooks.ts', `import '../redis/index.js';`],
    ['coinflow-auth.guard.ts', `import './config/index.js';`],
    ['redis/redis-errors.ts', `import '../doctor/output.js';`],
  ])('rejects a forbidden import: %s: %s', (file, text) => {
    expect(lint(file, text)).toEqual(['no-restricted-imports']);
  });

  it.each([
    ['webhooks/coinflow-webhooks.ts', `import '../contexts/http-context.js';`],
    ['redis/redis-delivery-store.ts', `import '../options/store-contracts.js';`],
    ['cache/session-cache.ts', `import '../session/claims.js';`],
    ['coinflow-auth.guard.ts', `import './coinflow-auth.service.js';`],
    ['config/index.ts', `import '../options/resolve-options.js';`],
    ['doctor/redis-client.ts', `import '../redis/redis-errors.js';`],
  ])('accepts an import of a lower layer: %s: %s', (file, text) => {
    expect(lint(file, text)).toEqual([]);
  });
});
