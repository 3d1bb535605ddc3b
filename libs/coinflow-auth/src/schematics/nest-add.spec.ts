import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { addToProject, type NestAddOptions } from './nest-add.js';
import { VARIABLES } from './variables.js';
import type { Tree } from './workspace.js';

const NO_FOLDER = '/folder-that-does-not-exist';
const MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;
const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

const app = await NestFactory.create(AppModule);
`;
const manifest = (major: number, more: object = {}): string =>
  `${JSON.stringify({ name: 'shop', dependencies: { '@nestjs/core': `^${major}.0.1`, 'nestjs-coinflow-auth': '^0.4.0' }, devDependencies: { jest: '^30.0.0' }, ...more }, null, 2)}\n`;

let files: Record<string, string>;
let messages: string[];
let tasks: object[];

const tree: Tree = {
  exists: (path) => path in files,
  read: (path) => (files[path] === undefined ? null : Buffer.from(files[path])),
  create: (path, content) => {
    if (path in files) throw new Error(`${path} exists`);
    files[path] = content;
  },
  overwrite: (path, content) => {
    if (!(path in files)) throw new Error(`${path} does not exist`);
    files[path] = content;
  },
  getDir: (path) => {
    const below = Object.keys(files).filter((file) => file.startsWith(`${path}/`));
    const names = below.map((file) => file.slice(path.length + 1).split('/'));
    const unique = (found: string[][]): string[] => [...new Set(found.map(([name = '']) => name))];
    return { subdirs: unique(names.filter((parts) => parts[1])), subfiles: unique(names.filter((parts) => !parts[1])) };
  },
};

/** Runs the schematic and returns the files that it wrote. */
function add(options: NestAddOptions = {}): Record<string, string> {
  const before = { ...files };
  messages = [];
  tasks = [];
  const logger = { info: (text: string) => messages.push(text), warn: (text: string) => messages.push(text) };
  addToProject(tree, { logger, addTask: (task) => tasks.push(task.toConfiguration()) }, options, NO_FOLDER);
  return Object.fromEntries(Object.entries(files).filter(([path, text]) => before[path] !== text));
}

const manifestNow = (): { dependencies: object; devDependencies: object } =>
  JSON.parse(files['/package.json'] ?? '') as ReturnType<typeof manifestNow>;

beforeEach(() => {
  files = { '/package.json': manifest(11), '/src/main.ts': MAIN, '/src/app.module.ts': MODULE };
});

describe('nest add', () => {
  it('adds the packages, the variables, the module, and a route with its test', () => {
    expect(Object.keys(add()).sort()).toEqual([
      '/.env.example',
      '/package.json',
      '/src/app.module.ts',
      '/src/me.controller.spec.ts',
      '/src/me.controller.ts',
    ]);
    expect(files['/src/app.module.ts']).toBe(`import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { ConfigModule } from '@nestjs/config';
import { CoinflowAuthModule } from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { MeController } from './me.controller';

@Module({
  imports: [
    ConfigModule.forRoot(),
    CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()),
  ],
  controllers: [AppController, MeController],
})
export class AppModule {}
`);
  });

  it('changes nothing in a second run', () => {
    add();
    expect(add()).toEqual({});
    expect(tasks).toEqual([]);
  });

  it('finds the sources of a project of a monorepo', () => {
    files = { '/package.json': manifest(12), '/apps/shop/src/main.ts': MAIN, '/apps/shop/src/app.module.ts': MODULE };
    expect(Object.keys(add({ sourceRoot: 'apps/shop/src' }))).toContain('/apps/shop/src/me.controller.ts');
  });

  it('installs the added packages, unless the installation is to be skipped', () => {
    add();
    expect(tasks).toEqual([{ name: 'node-package', options: { command: 'install', quiet: false, hideOutput: true } }]);
    for (const options of [{ skipInstall: true }, { s: true }]) {
      files['/package.json'] = manifest(11);
      expect(add(options)).toHaveProperty(['/package.json']);
      expect(tasks).toEqual([]);
    }
  });

  it('fails when there is no package.json', () => {
    delete files['/package.json'];
    expect(() => add()).toThrow('There is no package.json here. Run this in the root of the project.');
  });
});

describe('nest add: the root module', () => {
  it('follows main.ts to the file and the class of the root module', () => {
    files['/src/main.ts'] = MAIN.replace('{ AppModule }', '{ ShopModule as AppModule }').replace(
      'app.module',
      'shop/shop.js',
    );
    files['/src/shop/shop.ts'] = MODULE.replaceAll('AppModule', 'ShopModule');
    expect(Object.keys(add())).toEqual(expect.arrayContaining(['/src/shop/shop.ts', '/src/shop/me.controller.ts']));
    expect(files['/src/app.module.ts']).toBe(MODULE);
  });

  it.each([
    ['main.ts creates another expression', MAIN.replace('(AppModule)', '(build())')],
    ['main.ts imports the module by an alias of its path', MAIN.replace('./app.module', '@/app.module')],
    ['there is no main.ts', undefined],
  ])('is app.module.ts when %s', (_, main) => {
    if (main === undefined) delete files['/src/main.ts'];
    else files['/src/main.ts'] = main;
    expect(add()).toHaveProperty(['/src/app.module.ts']);
  });

  it.each([
    ['relative imports end with .js', MODULE.replace('app.controller', 'app.controller.js'), {}, './me.controller.js'],
    [
      'the project is ESM and the module has no relative import',
      MODULE.replace(/import \{ App.*\n/, ''),
      { type: 'module' },
      './me.controller.js',
    ],
    ['the imports of an ESM project have no suffix', MODULE, { type: 'module' }, './me.controller'],
  ])('imports the controller as the project does when %s', (_, module, more, path) => {
    files['/src/app.module.ts'] = module;
    files['/package.json'] = manifest(12, more);
    add();
    expect(files['/src/app.module.ts']).toContain(`from '${path}';`);
    expect(files['/src/me.controller.spec.ts']).toContain(`from '${path}';`);
  });

  it('stays unchanged when it cannot be edited safely, and a message names what to add', () => {
    files['/src/app.module.ts'] = MODULE.replace('[]', 'common');
    const written = Object.keys(add());
    expect(written).not.toContain('/src/app.module.ts');
    expect(written).toContain('/src/me.controller.ts');
    expect(messages[0]).toBe(
      'src/app.module.ts has no list of imports that can be edited safely. Add ConfigModule.forRoot(), CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()) to the imports of your root module, and MeController to its controllers.',
    );
    expect(add()).toEqual({});
  });

  it('gets the example of an earlier run as soon as it can be edited', () => {
    files['/src/app.module.ts'] = MODULE.replace('[]', 'common');
    add();
    files['/src/app.module.ts'] = MODULE;
    expect(Object.keys(add())).toEqual(['/src/app.module.ts']);
    expect(files['/src/app.module.ts']).toContain('controllers: [AppController, MeController]');
  });

  it('is not guessed: without one, a message names what to add', () => {
    files = { '/package.json': manifest(11), '/src/main.js': MAIN };
    expect(Object.keys(add()).sort()).toEqual(['/.env.example', '/package.json']);
    expect(messages[0]).toMatch(/^The root module was not found\. Add ConfigModule\.forRoot\(\), CoinflowAuthModule/);
  });

  it('stays unchanged when another file registers CoinflowAuthModule', () => {
    files['/src/core/core.module.ts'] = 'imports: [CoinflowAuthModule.forRoot(options)]';
    expect(Object.keys(add()).sort()).toEqual(['/.env.example', '/package.json']);
  });

  it.each(['/src/app.spec.ts', '/src/node_modules/a/index.ts'])('is edited although %s mentions the module', (path) => {
    files[path] = 'CoinflowAuthModule.forRoot(options)';
    expect(add()).toHaveProperty(['/src/app.module.ts']);
  });

  it('is edited although a comment mentions the module', () => {
    files['/src/app.module.ts'] = MODULE.replace('@Module', '// CoinflowAuthModule.forRoot(options)\n@Module');
    expect(add()).toHaveProperty(['/src/app.module.ts']);
  });

  it('gets no second ConfigModule', () => {
    files['/src/core.module.ts'] = 'imports: [ConfigModule.forRoot({ isGlobal: true })]';
    add();
    expect(files['/src/app.module.ts']).not.toContain('ConfigModule.forRoot()');
    expect(files['/src/app.module.ts']).toContain('imports: [CoinflowAuthModule.forRootAsync(');
  });
});

describe('nest add: the example', () => {
  it.each([`@Controller('me')`, `@Get("/me")`, 'export class MeController {}'])('is left out beside %s', (code) => {
    files['/src/users.controller.ts'] = code;
    const written = Object.keys(add());
    expect(written).toContain('/src/app.module.ts');
    expect(written).not.toContain('/src/me.controller.ts');
    expect(files['/src/app.module.ts']).toContain('controllers: [AppController],');
  });

  it.each([
    ['Jest with its types', { devDependencies: { jest: '30', '@types/jest': '30' } }, undefined],
    ['Jest with @jest/globals', { devDependencies: { jest: '30', '@jest/globals': '30' } }, '@jest/globals'],
    ['Vitest', { devDependencies: { vitest: '4' } }, 'vitest'],
    ['Vitest in the script, and Jest', { scripts: { test: 'vitest run' }, devDependencies: { jest: '30' } }, 'vitest'],
  ])('has a test for %s', (_, more, from) => {
    files['/package.json'] = manifest(12, more);
    add();
    const imported = /import \{ afterEach, .* \} from '(.*)';/.exec(files['/src/me.controller.spec.ts'] ?? '')?.[1];
    expect(imported).toBe(from);
  });

  it('has no test in a project without Jest and Vitest', () => {
    files['/package.json'] = manifest(12, { devDependencies: {} });
    expect(Object.keys(add())).not.toContain('/src/me.controller.spec.ts');
    expect(messages).toContain('The project has neither Jest nor Vitest, so no test was added.');
    expect(manifestNow().devDependencies).toEqual({ 'coinflow-emulator': '^0.4.0' });
  });

  it.each([
    ['Express', {}, 'module.createNestApplication()'],
    ['Fastify', { '@nestjs/platform-fastify': '^12.0.0' }, 'new FastifyAdapter()'],
    [
      'Fastify and Express',
      { '@nestjs/platform-fastify': '^12.0.0', '@nestjs/platform-express': '^12.0.0' },
      'module.createNestApplication()',
    ],
  ])('has a test that runs on %s', (_, peers, code) => {
    files['/package.json'] = manifest(12, { dependencies: { '@nestjs/core': '^12.0.0', ...peers } });
    add();
    const spec = files['/src/me.controller.spec.ts'] ?? '';
    expect(spec).toContain(code);
    expect(ts.transpileModule(spec, { reportDiagnostics: true }).diagnostics).toEqual([]);
  });
});

describe('nest add: package.json', () => {
  it.each([11, 12])('gets the peers of NestJS %i, the emulator and @nestjs/testing', (major) => {
    files['/package.json'] = manifest(major);
    add();
    const peers = major === 11 ? '^4.0.0' : '^12.0.0';
    expect(manifestNow()).toMatchObject({
      dependencies: { '@nestjs/axios': peers, '@nestjs/config': peers, axios: '^1.8.0' },
      devDependencies: { 'coinflow-emulator': '^0.4.0', '@nestjs/testing': `^${major}.0.0` },
    });
    expect(Object.keys(manifestNow().dependencies)).toEqual(Object.keys(manifestNow().dependencies).sort());
  });

  it('gets ranges that the package declares for its peers', () => {
    const file = new URL('../../package.json', import.meta.url);
    const { peerDependencies } = JSON.parse(readFileSync(file, 'utf8')) as { peerDependencies: Record<string, string> };
    for (const major of [11, 12]) {
      files['/package.json'] = manifest(major);
      add();
      const added = Object.entries(manifestNow().dependencies).filter(([name]) => /axios|config/.test(name));
      expect(added).toHaveLength(3);
      for (const [name, range] of added) expect(peerDependencies[name]?.split(' || ')).toContain(range);
    }
  });

  it('keeps what is declared in any group, and its own formatting', () => {
    const more = { peerDependencies: { axios: '1.9.0' }, devDependencies: { '@nestjs/config': '4.0.1' } };
    files['/package.json'] = JSON.stringify(JSON.parse(manifest(11, more)), null, '\t').replaceAll('\n', '\r\n');
    add();
    expect(manifestNow().dependencies).not.toHaveProperty('axios');
    expect(manifestNow()).toMatchObject(more);
    expect(files['/package.json']).toMatch(/^\{\r\n\t"name": "shop",\r\n[^]*\}$/);
  });

  it.each(['file:../coinflow.tgz', 'workspace:*', 'latest'])('gets no emulator when the module is %s', (range) => {
    files['/package.json'] = manifest(11, { dependencies: { '@nestjs/core': '11', 'nestjs-coinflow-auth': range } });
    add();
    expect(manifestNow().devDependencies).not.toHaveProperty('coinflow-emulator');
  });

  it.each([manifest(10), '{}'])('must have NestJS 11 or 12: %s', (text) => {
    files['/package.json'] = text;
    expect(() => add()).toThrow('nestjs-coinflow-auth needs NestJS 11 or 12. Update NestJS, then try again.');
    expect(Object.keys(files)).not.toContain('/.env.example');
  });
});

describe('nest add: .env.example', () => {
  it('explains every variable, with values for the emulator', () => {
    add();
    for (const { name, meaning } of VARIABLES) {
      expect(files['/.env.example']).toMatch(
        new RegExp(`^# ${meaning.replace(/[.()]/g, '\\$&')}\n(?:# )?${name}=`, 'm'),
      );
    }
    expect(files['/.env.example']?.match(/^[A-Z].*$/gm)).toEqual([
      'COINFLOW_ENV=local',
      'COINFLOW_API_KEY=coinflow_emulator_key_of_demo_merchant',
      'COINFLOW_MERCHANT_ID=demo-merchant',
      'COINFLOW_BASE_URL=http://127.0.0.1:4010',
    ]);
  });

  it('keeps what it has, and gets only the variables that it does not mention', () => {
    const own = 'PORT=3000\r\nexport COINFLOW_ENV=prod\r\n#COINFLOW_API_KEY = secret\r\n\r\n';
    files['/.env.example'] = own;
    add();
    const text = files['/.env.example'] ?? '';
    expect(text.startsWith(`${own.trimEnd()}\r\n\r\n# nestjs-coinflow-auth.`)).toBe(true);
    expect(text.match(/COINFLOW_(ENV|API_KEY)\b/g)).toHaveLength(2);
    expect(text).toContain('\r\nCOINFLOW_MERCHANT_ID=demo-merchant\r\n');
  });
});
