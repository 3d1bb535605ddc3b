import { describe, expect, it } from '@jest/globals';
import { Linter } from 'eslint';
import { layerRules } from '../../eslint.layers.mjs';

const linter = new Linter({ cwd: new URL('../..', import.meta.url).pathname });

/** The rules that a file of the library would break with this text. */
function lint(file: string, text: string): (string | null)[] {
  return linter.verify(text, layerRules, `libs/coinflow-auth/src/${file}`).map(({ ruleId }) => ruleId);
}

describe('a layer of the library imports only layers below it', () => {
  it.each([
    ['errors/coinflow-auth.errors.ts', `import '../session/claims.js';`, false],
    ['errors/coinflow-auth.errors.ts', `import '@nestjs/common';`, false],
    ['session/claims.ts', `import '../http/coinflow-response.js';`, false],
    ['extraction/cross-site.ts', `import '../options/tokens.js';`, false],
    ['http/coinflow-response.ts', `import '../verification/session-verifier.js';`, false],
    ['cache/session-cache.ts', `import '../contexts/http-context.js';`, false],
    ['verification/session-verifier.ts', `import '../coinflow-auth.service.js';`, false],
    ['coinflow-auth.service.ts', `import './coinflow-auth.guard.js';`, false],
    ['coinflow-auth.guard.ts', `import './index.js';`, false],
    ['contexts/http-context.ts', `import '../webhooks/signature/webhook-signature.js';`, false],
    ['webhooks/receiving/coinflow-webhooks.ts', `import '../../coinflow-auth.service.js';`, false],
    ['webhooks/receiving/coinflow-webhooks.ts', `import '../../decorators/webhook.decorators.js';`, false],
    ['webhooks/receiving/coinflow-webhooks.ts', `import '../../redis/index.js';`, false],
    ['webhooks/receiving/coinflow-webhooks.ts', `import '../../contexts/http-context.js';`, true],
    ['redis/redis-delivery-store.ts', `import '../options/delivery-store.js';`, true],
    ['coinflow-auth.guard.ts', `import './config/index.js';`, false],
    ['cache/session-cache.ts', `import '../session/claims.js';`, true],
    ['coinflow-auth.guard.ts', `import './coinflow-auth.service.js';`, true],
    ['config/index.ts', `import '../options/resolve-options.js';`, true],
  ])('%s: %s', (file, text, allowed) => {
    expect(lint(file, text)).toEqual(allowed ? [] : ['no-restricted-imports']);
  });
});
