/** The layers of `nestjs-coinflow-auth`, from top to bottom. A layer imports only layers below it. */
const layers = [
  ['doctor'],
  ['config', 'graphql', 'health', 'microservices', 'redis', 'schematics', 'testing', 'websockets'],
  ['coinflow-auth.module'],
  ['decorators'],
  ['route-audit'],
  ['coinflow-auth.guard'],
  ['coinflow-auth.service'],
  ['coinflow-authenticator', 'coinflow-auth.interfaces'],
  ['api', 'webhooks'],
  ['contexts', 'issuance', 'metrics'],
  ['verification'],
  ['budget'],
  ['cache'],
  ['http'],
  ['options'],
  ['session'],
  ['extraction'],
  ['util'],
  ['errors'],
];

const source = 'libs/coinflow-auth/src';

/** One lint rule for each entry of a layer. */
export const layerRules = layers.flatMap((layer, level) => {
  const above = layers.slice(0, level).flat();
  return layer.map((name) => ({
    files: [`${source}/${name}/**/*.ts`, `${source}/${name}.ts`],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^\\.{1,2}/(?:.*/)?(?:index|${[...above, ...layer.filter((peer) => peer !== name)].join('|') || 'index'})(?:\\.js$|/)`,
              message: `"${name}" may import only the layers below it: see CONTRIBUTING.md.`,
            },
            ...(name === 'errors' || name === 'session' || name === 'extraction'
              ? [
                  {
                    group: ['@nestjs/*', 'axios', 'rxjs'],
                    message: `"${name}" is pure: it must not import Nest, axios or rxjs.`,
                  },
                ]
              : []),
          ],
        },
      ],
    },
  }));
});
