// Follows docs/getting-started.md in a new project: writes its files, runs its commands, and compares what they print.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from '../processes.mjs';
import { importsFor, isShown, readWalkthrough } from './walkthrough.mjs';
import { TestFailure, expectEqual, freePort, newProject, waitFor } from './workplace.mjs';

const PAGE = join(root, 'docs', 'getting-started.md');
/** `nest-add.mjs` tests what follows on the page. */
const END = '\n## Add it with the Nest CLI\n';
/** The page is written for this version. */
const NEWEST = 12;
const COMMAND_LIMIT_MS = 180_000;

/** @param parent the folder with the new project `shop` */
export async function checkGettingStarted(workplace, parent, version) {
  console.log(`NestJS ${version}: docs/getting-started.md ...`);
  const [page] = readFileSync(PAGE, 'utf8').split(END);
  const ports = { 3000: await freePort(), 4010: await freePort() };
  const [first, ...steps] = readWalkthrough(page).map((step) => withPorts(forVersion(step, page, version), ports));
  expectEqual(first.command, newProject(version), 'the first command of the page');
  const reader = new Reader(workplace, parent, ports);
  const startedAt = Date.now();
  try {
    for (const step of steps) await reader[step.kind](step);
  } finally {
    await reader.close();
  }
  console.log(`NestJS ${version}: took ${Math.round((Date.now() - startedAt) / 1_000)} s after nest new`);
}

/** Applies the three rules of the page for NestJS 11, and nothing else. */
function forVersion(step, page, version) {
  if (version === NEWEST) return step;
  // Its first rule has the versions, such as `@nestjs/axios@4`.
  const [rule] = /^> 1\. .*$/m.exec(page);
  const versions = [...rule.matchAll(/`(@nestjs\/[a-z]+)(@\d+)`/g)];
  const command = versions.reduce(
    (text, [, name, at]) => text?.replace(new RegExp(`(?<= )${name}(@\\d+)?(?= |$)`), name + at),
    step.command,
  );
  const text = step.text && importsFor(version, step.text);
  // The report of Jest; a command that fails is noticed.
  const output = /^npm (test|run test:)/.test(step.command) ? '...' : step.output;
  return { ...step, command, text, output };
}

/** The page's ports may be in use. */
function withPorts(step, ports) {
  const replaced = (text) => text?.replaceAll(/\b(3000|4010)\b/g, (port) => `${ports[port]}`);
  return { ...step, text: replaced(step.text), command: replaced(step.command), output: replaced(step.output) };
}

function isApplication(command) {
  return command === 'npm run start:dev';
}

/** Does what the page tells, with one shell for all commands and a terminal for each server. */
class Reader {
  #workplace;
  #parent;
  #ports;
  #shell;
  #servers = [];
  #hasNewFiles = false;

  constructor(workplace, parent, ports) {
    this.#workplace = workplace;
    this.#parent = parent;
    this.#ports = ports;
    this.#shell = workplace.serve(parent, 'bash', []);
  }

  async file({ path, text }) {
    const file = join(this.#project, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    this.#hasNewFiles = true;
  }

  async command({ command, output }) {
    await this.#restart();
    const { stdout, stderr, code } = await this.#type(command);
    if (code === 0 && isShown(stdout, output)) return;
    const problem = code === 0 ? 'does not print what the page shows' : `ends with code ${code}`;
    throw this.#failure(`$ ${command}\n${stdout}${stderr}\nThis command ${problem}:\n${output}`);
  }

  async server({ command, output }) {
    this.#servers.push(await this.#start(command, output));
  }

  async log({ output }) {
    const printed = () => this.#servers.find(({ child }) => isShown(child.output, `...${output}`, { toTheEnd: false }));
    await waitFor(() => `a server to print:\n${output}\nThey have printed:\n${this.#logs()}`, printed);
  }

  async close() {
    for (const { child } of [...this.#servers, { child: this.#shell }]) await this.#workplace.stop(child);
  }

  get #project() {
    return join(this.#parent, 'shop');
  }

  async #start(command, output) {
    // For what the page does not write itself: the emulator, and the main.ts of a new project.
    const env = { PORT: `${this.#ports[3000]}`, COINFLOW_EMULATOR_PORT: `${this.#ports[4010]}` };
    const child = this.#workplace.serve(this.#project, 'bash', ['-c', command], env);
    await waitFor(
      () => `"${command}" to print:\n${output}\nIt has printed:\n${child.output}`,
      () => {
        if (child.process.exitCode !== null)
          throw this.#failure(`$ ${command}\n${child.output}\nThis server has ended.`);
        return isShown(child.output, output, { toTheEnd: false }) || undefined;
      },
    );
    if (isApplication(command)) {
      this.#hasNewFiles = false;
      // Nest prints that it has started, and then listens.
      await waitFor(
        () => 'the application to listen',
        () => fetch(`http://127.0.0.1:${this.#ports[3000]}`).catch(() => undefined),
      );
    }
    return { command, output, child };
  }

  /** Starts the application again after a change. It does that itself, but nobody knows after which of its compilations. */
  async #restart() {
    if (!this.#hasNewFiles) return;
    for (const [index, server] of this.#servers.entries()) {
      if (!isApplication(server.command)) continue;
      await this.#workplace.stop(server.child);
      this.#servers[index] = await this.#start(server.command, server.output);
    }
  }

  /** Runs a command in the shell, which keeps variables and the folder. */
  async #type(command) {
    const end = `end-of-${Math.random().toString(36).slice(2)}`;
    const { process: shell } = this.#shell;
    let [stdout, stderr] = ['', ''];
    const [toStdout, toStderr] = [(text) => (stdout += text), (text) => (stderr += text)];
    shell.stdout.on('data', toStdout);
    shell.stderr.on('data', toStderr);
    shell.stdin.write(`${command}\nprintf '\\n%s %s\\n' ${end} $?\n`);
    const limit = Date.now() + COMMAND_LIMIT_MS;
    let found;
    while (!(found = new RegExp(`\n${end} (\\d+)\n`).exec(stdout))) {
      if (Date.now() > limit || shell.exitCode !== null)
        throw this.#failure(`$ ${command}\n${stdout}${stderr}\nNo end.`);
      await delay(20);
    }
    shell.stdout.off('data', toStdout);
    shell.stderr.off('data', toStderr);
    return { stdout: stdout.slice(0, found.index), stderr, code: Number(found[1]) };
  }

  #failure(message) {
    return new TestFailure(`${this.#logs()}\n${message}\ndocs/getting-started.md does not work.`);
  }

  #logs() {
    return this.#servers
      .map(({ command, child }) => `The server "${command}" has printed:\n${child.output}`)
      .join('\n');
  }
}
