import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { COINFLOW_AUTH_ERRORS } from '../../libs/coinflow-auth/src/errors/error-catalogue.js';
import { errorsPage } from '../../scripts/errors-page.mjs';

it('docs/errors.md is that of the catalogue: otherwise run npm run docs', () => {
  expect(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsPage(COINFLOW_AUTH_ERRORS));
});
