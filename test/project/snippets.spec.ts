import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compileSnippets, root, snippets, type Snippet } from './snippets.js';

const titleOf = ({ document, number, path }: Snippet): string => `${document} ${path ?? number}`;

describe('the snippets of the documents', () => {
  it('compiles every snippet of the documents', () => {
    expect(snippets.length).toBeGreaterThan(5);
    expect(compileSnippets()).toEqual([]);
  });

  it('declares in a whole file only what exists when the file runs', () => {
    const files = snippets.filter(({ fragment }) => !fragment);
    expect(files.filter(({ code }) => /^(export )?declare /m.test(code)).map(titleOf)).toEqual([]);
  });

  it('imports what a whole file uses', () => {
    const files = snippets.filter(({ fragment }) => !fragment);
    expect(files.filter(({ code }) => !/^(import|export) /m.test(code)).map(titleOf)).toEqual([]);
  });

  it('begins a fragment with a comment that says where it belongs', () => {
    const fragments = snippets.filter(({ fragment }) => fragment);
    expect(fragments.filter(({ code }) => !/^\/\/ [A-Z]/.test(code)).map(titleOf)).toEqual([]);
  });

  it.each([
    ['the guard of sessions and API keys', 'test/session-or-api-key.guard.ts'],
    ['the ledger in a database', 'apps/sample/src/ledger/ledger.ts'],
  ])('contains %s as it is tested', (_, file) => {
    expect(snippets.map(({ code }) => code)).toContain(readFileSync(root + file, 'utf8'));
  });
});
