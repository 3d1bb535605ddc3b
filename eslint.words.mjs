/**
 * Words that the project does not use, and what to write instead. The lint rule reads code, comments, strings and names;
 * `test/project/documents.spec.ts` reads the documents.
 */
export const retiredWords = [
  [/\b(un)?mint(s|ed|ing|er|able)?\b|[a-z]Mint|\bmint[A-Z]|Mint(ed|ing|er)?[A-Z(]/, 'create, issue, issuance'],
  [/junk/i, 'invalid keys'],
  [/payer/i, 'user, or subject'],
  [/\bdoubt(s|ed|ful)?\b/i, 'invalidated'],
  [/\bmade[- ]?up\b|madeUp/i, 'random, forged'],
  [/\b(un)?proven\b|[a-z]Proven|\bproofs?\b|[a-z]Proof/i, 'verified, verification'],
  [/\b(is|are|was|were|be|been|goes|while) away\b/i, 'is down, is unreachable'],
  [/\bsa(y|ys|id) (yes|no)\b|\ba (yes|no)\b(?! longer)/i, 'accepts, rejects'],
  [/\bhand(s|ed|ing)? out\b|handedOut/i, 'return, reuse'],
  [/\brests? on\b/i, 'came from, depends on'],
  [/\blets? (in|nobody in|anybody in|everybody in)\b|\bletting in\b|letIn\b/i, 'authenticate, accept'],
  [/\bstrangers?\b/i, 'unknown client, new key'],
  [/\bin its own voice\b/i, 'a Coinflow response'],
  [/\bat boot\b|\bboot (error|time)\b|\bboots\b/i, 'at startup'],
  [/\bblanks\b/i, 'whitespace'],
  [/\btime out\b/i, 'timeout, time limit'],
  [/\bforced checks?\b/i, 'revalidation'],
  [/\boffenders?\b/i, 'client'],
  [/shared-flight|refused-from-memory|shared-memory/, 'coalesced, negative-cache, shared-cache'],
];

/** Where a retired word has another meaning: the file, the text, and why. */
const allowed = [
  // The list itself.
  ['eslint.words.mjs', /./],
  // The address of a token: "mint" is Solana's word.
  ['chains/solana.spec.ts', /address of a mint/],
  // The path of an operation of Coinflow.
  ['/operations.ts', /'POST \/merchant\/credits\/mint'/],
  ['docs/guides/calling-coinflow.md', /`\/merchant\/credits\/mint`/],
  // A verb with "time out".
  ['fault-injection/emulator-settings.ts', /Calls time out/],
];

/** @returns {{ line: number, column: number, found: string, instead: string }[]} */
export function findRetiredWords(text, file = '') {
  const exceptions = allowed.filter(([path]) => file.endsWith(path)).map(([, exception]) => exception);
  return text.split('\n').flatMap((content, index) =>
    retiredWords.flatMap(([pattern, instead]) => {
      const match = pattern.exec(content);
      if (!match || exceptions.some((exception) => exception.test(content))) return [];
      return [{ line: index + 1, column: match.index, found: match[0], instead }];
    }),
  );
}

const rule = {
  create: (context) => ({
    Program: () => {
      for (const { line, column, found, instead } of findRetiredWords(context.sourceCode.text, context.filename)) {
        context.report({ loc: { line, column }, message: `"${found}" is a retired word. Write: ${instead}.` });
      }
    },
  }),
};

/** The lint rule. */
export const wordRules = { plugins: { words: { rules: { retired: rule } } }, rules: { 'words/retired': 'error' } };
