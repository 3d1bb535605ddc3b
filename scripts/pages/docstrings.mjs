// Reads docstrings from the sources of nestjs-coinflow-auth, with the TypeScript API.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../processes.mjs';

export const sourceFolder = join(root, 'libs', 'coinflow-auth', 'src');

/** @param path below libs/coinflow-auth/src */
export function parse(path) {
  const file = join(sourceFolder, path);
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** The interfaces of a file, by name: their members. */
export function interfacesOf(path) {
  const { statements } = parse(path);
  return Object.fromEntries(
    statements.filter(ts.isInterfaceDeclaration).map(({ name, members }) => [name.text, members]),
  );
}

/** The docstring of a node: its text in one line, and the value of its `@default`. */
export function docOf(node) {
  const [doc] = ts.getJSDocCommentsAndTags(node);
  const tag = doc?.tags?.find(({ tagName }) => tagName.text === 'default');
  return { text: oneLine(textOf(doc)), default: tag && oneLine(tag.comment) };
}

/** The list in the docstring of a type, "- `name`: meaning", by name. */
export function listOf(path, type) {
  const declaration = parse(path).statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === type);
  const text = textOf(ts.getJSDocCommentsAndTags(declaration)[0]);
  return Object.fromEntries(
    [...text.matchAll(/^- `([\w-]+)`: ([^]*?)(?=\n- |$(?![^]))/gm)].map(([, name, meaning]) => [
      name,
      oneLine(meaning),
    ]),
  );
}

function textOf(doc) {
  return ts.getTextOfJSDocComment(doc?.comment) ?? '';
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim();
}
