/** What the test of the example depends on. */
interface SpecSettings {
  /** Where the test imports the functions of the runner from. `undefined` if they are global. */
  readonly testImport: string | undefined;
  /** `.js` in projects whose relative imports have it, otherwise ''. */
  readonly suffix: string;
  /** Whether the application runs on Fastify only. */
  readonly fastify: boolean;
}

/** The controller with one protected route. */
export const CONTROLLER = `import { Controller, Get } from '@nestjs/common';
import {
  CoinflowAuth,
  CurrentSession,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';

@Controller('me')
export class MeController {
  /** Answers who owns the session key of the request. */
  @Get()
  @CoinflowAuth()
  me(@CurrentSession() session: CoinflowSession): CoinflowSession['subject'] {
    return session.subject;
  }
}
`;

/** The test of the route. It needs no variables and no network. */
export function controllerSpec({ testImport, suffix, fastify }: SpecSettings): string {
  const imports = [
    `import { Test } from '@nestjs/testing';`,
    `import { CoinflowAuthModule, type CoinflowSession } from 'nestjs-coinflow-auth';`,
    `import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';`,
    `import { asUser, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';`,
    ...(testImport ? [`import { afterEach, describe, expect, it } from '${testImport}';`] : []),
    `import { MeController } from './me.controller${suffix}';`,
  ];
  const platform = fastify
    ? [`import {`, `  FastifyAdapter,`, `  type NestFastifyApplication,`, `} from '@nestjs/platform-fastify';`]
    : [];
  const type = fastify ? 'NestFastifyApplication' : 'INestApplication';
  const create = fastify
    ? `module.createNestApplication<NestFastifyApplication>(\n      new FastifyAdapter(),\n    )`
    : `module.createNestApplication()`;
  const common = fastify ? [] : [`import type { INestApplication } from '@nestjs/common';`];
  return `${[...common, ...platform, ...imports].join('\n')}

describe('MeController', () => {
  let app: ${type};

  async function getMe(session: CoinflowSession | undefined) {
    const builder = Test.createTestingModule({
      imports: [
        CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()),
      ],
      controllers: [MeController],
    });
    const module = await overrideCoinflowAuth(builder, session).compile();
    app = ${create};
    await app.listen(0, '127.0.0.1');
    return fetch(\`\${await app.getUrl()}/me\`);
  }

  afterEach(() => app.close());

  it('answers who owns the session key', async () => {
    const response = await getMe(asUser('alice'));
    expect(await response.json()).toEqual({ kind: 'user', userId: 'alice' });
  });

  it('rejects a request without a session key', async () => {
    const response = await getMe(undefined);
    expect(response.status).toBe(401);
  });
});
`;
}
