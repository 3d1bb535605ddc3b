// Reads a page of the docs as a reader follows it: the files to write, the commands to run and what they print.

const PATH = /^(?:\/\/|#) (\S+\.\w+|\.env)\n/;
const FENCE = /^```(\S*)(?: (\S+))?\n([^]*?)^```$/gm;

/**
 * The blocks of a page, in order:
 *   ```ts, ```dotenv      a file, with its path in a comment in the first line
 *   ```console            commands after "$ ", each with its output
 *   ```console server     a command that does not end, with the first lines of its output
 *   ```text               what a server prints next
 */
export function readWalkthrough(page) {
  return [...page.matchAll(FENCE)].flatMap(([, language, kind, text]) => {
    if (language === 'ts' || language === 'dotenv') return [fileOf(text)];
    if (language === 'text') return [{ kind: 'log', output: text }];
    if (language !== 'console') throw new Error(`A block of ${language} is no step: ${text}`);
    return commandsOf(text).map((command) => ({ kind: kind ?? 'command', ...command }));
  });
}

/** The TypeScript files of any page, each with its path in a comment in the first line. */
export function filesOf(page) {
  const texts = [...page.matchAll(FENCE)].flatMap(([, language, kind, text]) =>
    language === 'ts' && kind === undefined && PATH.test(text) ? [text] : [],
  );
  return texts.map(fileOf);
}

/** The rule of docs/getting-started.md for NestJS 11, whose projects are CommonJS. */
export function importsFor(version, text) {
  return version === 11 ? text.replaceAll(/(from '\.{1,2}\/[^']+)\.js'/g, "$1'") : text;
}

function fileOf(text) {
  const [, path] = PATH.exec(text) ?? [];
  if (!path) throw new Error(`The first line must be a comment with the path of the file: ${text}`);
  return { kind: 'file', path, text };
}

function commandsOf(text) {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((entry) => {
      const [command, ...lines] = entry.split('\n');
      return { command, output: lines.join('\n') };
    });
}

/** Whether something was printed as the page shows it. "..." on the page stands for any text. */
export function isShown(actual, shown, { toTheEnd = true } = {}) {
  // A first or last line of "..." stands for any number of lines, or none.
  const text = shown
    .trim()
    .replace(/^\.{3}\n/, '...')
    .replace(/\n\.{3}$/, '...');
  const pattern = text.split('...').map(escape).join('[^]*');
  return new RegExp(`^${pattern}${toTheEnd ? '$' : ''}`).test(actual.trim());
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
