import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isShown, readWalkthrough } from '../../scripts/new-projects/walkthrough.mjs';
import { root } from './snippets.js';

const fence = (info: string, text: string): string => `\`\`\`${info}\n${text}\n\`\`\`\n`;

describe('a page that is followed step by step', () => {
  it('has files, commands with their output, servers and what they log, in order', () => {
    const page = [
      fence('dotenv', '# .env\nA=1'),
      fence('ts', '// src/a.ts\nexport {};'),
      fence('console', '$ one\n$ two\nfirst\nsecond'),
      fence('console server', '$ three\nup'),
      fence('text', 'done'),
    ].join('Some text.\n');
    expect(readWalkthrough(page)).toEqual([
      { kind: 'file', path: '.env', text: '# .env\nA=1\n' },
      { kind: 'file', path: 'src/a.ts', text: '// src/a.ts\nexport {};\n' },
      { kind: 'command', command: 'one', output: '' },
      { kind: 'command', command: 'two', output: 'first\nsecond\n' },
      { kind: 'server', command: 'three', output: 'up\n' },
      { kind: 'log', output: 'done\n' },
    ]);
  });

  it.each([
    ['a file without a path', fence('ts', 'export {};'), /path of the file/],
    ['a block that is no step', fence('js', 'run()'), /is no step/],
  ])('rejects %s', (_, page, message) => {
    expect(() => readWalkthrough(page)).toThrow(message);
  });

  it('is docs/getting-started.md', () => {
    const kinds = readWalkthrough(readFileSync(`${root}docs/getting-started.md`, 'utf8')).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'file').length).toBeGreaterThan(10);
    expect(new Set(kinds)).toEqual(new Set(['file', 'command', 'server', 'log']));
  });
});

describe('what a page shows of an output', () => {
  it.each([
    ['{"key":"eyJ..."}', '{"key":"eyJhbGci"}\n', true],
    ['...\n  2 passed (2)\n...', '> test\n\n  2 passed (2)\n  in 3 s\n', true],
    ['...\nup\n...', 'up', true],
    ['401', '500', false],
    ['401', '401 and more', false],
    ['', 'a warning', false],
    ['[a](b)', '[a](b)', true],
  ])('%j shows %j: %s', (shown, actual, expected) => {
    expect(isShown(actual, shown)).toBe(expected);
  });

  it('may be the beginning of what a server prints', () => {
    expect(isShown('up\nrequest', 'up', { toTheEnd: false })).toBe(true);
    expect(isShown('starting\nup', 'up', { toTheEnd: false })).toBe(false);
  });
});
