// What is generated from the option table and the docstrings of the options: the table in docs/reference/configuration.md, and the
// variables that `nest add` writes into .env.example.
import ts from 'typescript';
import { docOf, interfacesOf } from './docstrings.mjs';
import { markdownTable } from './markdown-table.mjs';

const BEGIN = '<!-- Generated from the option table by `npm run docs`. Do not edit. -->';
const END = '<!-- End of the generated table. -->';

/** The docstring of each option, by its path (`cache.ttlMs`): its first sentence and its `@default`. */
export function optionDocs() {
  const interfaces = interfacesOf('options/coinflow-auth-options.ts');
  const docsIn = (name, prefix) =>
    interfaces[name].flatMap((member) => {
      const path = prefix + member.name.text;
      const group = member.type && ts.isTypeReferenceNode(member.type) && member.type.typeName.text;
      if (group && group in interfaces) return docsIn(group, `${path}.`);
      const { text, default: value } = docOf(member);
      return [[path, { summary: text.match(/^.*?\.(?= |$)/)?.[0], default: value }]];
    });
  return Object.fromEntries(docsIn('CoinflowAuthModuleOptions', ''));
}

/** `docs/reference/configuration.md` with the table between the two markers. */
export function configurationPage(page, table) {
  const [before, rest] = split(page, BEGIN);
  const [, after] = split(rest, END);
  return `${before}${BEGIN}\n\n${optionsTable(table, optionDocs())}\n\n${END}${after}`;
}

function split(text, marker) {
  const parts = text.split(marker);
  if (parts.length !== 2) throw new Error(`docs/reference/configuration.md must contain "${marker}" once`);
  return parts;
}

function optionsTable(table, docs) {
  const rows = Object.entries(table).map(([path, { rule, default: value, variable }]) => [
    [path, variable?.name].filter(Boolean).map(code).join('<br>'),
    `${docs[path].summary}<br>Value: ${readable(rule.text)}`,
    value === undefined ? requiredText(path) : defaultText(value),
  ]);
  return markdownTable([['option, environment variable', 'what it is, and its value', 'default'], ...rows]);
}

function requiredText(path) {
  const [group, option] = path.split('.');
  return option === undefined ? 'required' : `required when ${code(group)} is set`;
}

function defaultText(value) {
  if (typeof value !== 'object') return typeof value === 'boolean' ? code(value) : readable(String(value));
  return value.text.endsWith('()') ? code(value.text) : value.text;
}

function code(text) {
  return `\`${text}\``;
}

/** Numbers with separators: `86,400,000`. */
function readable(text) {
  return text.replace(/\d{4,}/g, (digits) => Number(digits).toLocaleString('en-US'));
}

/** The source of `schematics/variables.ts`: the environment variables and what they mean. */
export function variablesSource(table) {
  const docs = optionDocs();
  const rows = Object.entries(table)
    .filter(([, { variable }]) => variable)
    .map(
      ([path, { variable }]) => `  { name: '${variable.name}', meaning: ${quoted(meaningOf(docs[path].summary))} },\n`,
    );
  return `// Generated from the option table by \`npm run docs\`. Do not edit.

/** The environment variables in the order of the option table, each with the first sentence of its option's docs. */
// prettier-ignore
export const VARIABLES: readonly { readonly name: string; readonly meaning: string }[] = [
${rows.join('')}];
`;
}

/** A variable cannot hold a function. */
function meaningOf(summary) {
  return summary.replaceAll('`', '').replace(/, or a function that returns (it|them)/, '');
}

function quoted(text) {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}
