/** The floors of `nestjs-coinflow-auth`, top first: a floor imports only floors below it. */
const floors = [
  ['config', 'health', 'redis', 'testing'],
  ['coinflow-auth.module'],
  ['decorators'],
  ['coinflow-auth.guard'],
  ['coinflow-auth.service'],
  ['webhooks'],
  ['contexts', 'minting', 'metrics'],
  ['verification'],
  ['client'],
  ['session'],
  ['options'],
  ['extraction'],
  ['errors'],
];

const source = 'libs/coinflow-auth/src';

/** A lint rule for each floor. */
export const floorRules = floors.flatMap((floor, level) => {
  const above = floors.slice(0, level).flat();
  return floor.map((name) => ({
    files: [`${source}/${name}/**/*.ts`, `${source}/${name}.ts`],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^\\.{1,2}/(?:.*/)?(?:index|${[...above, ...floor.filter((peer) => peer !== name)].join('|') || 'index'})(?:\\.js$|/)`,
              message: `"${name}" may import only the floors below it: see CONTRIBUTING.md.`,
            },
            ...(name === 'errors' || name === 'session' || name === 'extraction'
              ? [{ group: ['@nestjs/*', 'axios', 'rxjs'], message: `"${name}" is pure: nothing of Nest, no I/O.` }]
              : []),
          ],
        },
      ],
    },
  }));
});
