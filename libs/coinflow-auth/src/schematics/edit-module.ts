import type ts from 'typescript';
import { importsOf, moduleOf, namesOf, parse, type Compiler } from './compiler.js';
import { lineEndingOf } from './workspace.js';

/** What is added to a module. */
export interface ModuleAdditions {
  /** Expressions for `imports`. */
  readonly imports: readonly string[];
  /** Classes for `controllers`. */
  readonly controllers: readonly string[];
  /** The names that the file must import, by where they come from. */
  readonly from: Readonly<Record<string, string>>;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The line width of Prettier, and so of a project of `nest new`. */
const LINE_WIDTH = 80;

const LISTS = ['imports', 'controllers'] as const;

/**
 * Adds elements to the lists of a module. It changes nothing else, and keeps the formatting.
 * @param className the module's class; without it, the only one of the file
 * @returns `undefined` if the module is not written in a form that can be edited safely
 */
export function editModule(
  ts: Compiler,
  text: string,
  className: string | undefined,
  additions: ModuleAdditions,
): string | undefined {
  const file = parse(ts, text);
  const metadata = file && metadataOf(ts, file, className);
  const statements = file && importEdit(ts, file, additions.from);
  if (!metadata || !statements) return undefined;
  const lists = listEdits(ts, file, metadata, additions);
  if (!lists) return undefined;
  const edited = apply(text, [...statements, ...lists]);
  return parse(ts, edited) && edited;
}

/** The object of the decorator `@Module({ ... })`. */
function metadataOf(
  ts: Compiler,
  file: ts.SourceFile,
  className: string | undefined,
): ts.ObjectLiteralExpression | undefined {
  const found = file.statements.flatMap((statement) => {
    if (!ts.isClassDeclaration(statement)) return [];
    if (className !== undefined && statement.name?.text !== className) return [];
    const calls = (ts.getDecorators(statement) ?? []).map(({ expression }) => expression).filter(ts.isCallExpression);
    return calls.filter(({ expression }) => ts.isIdentifier(expression) && expression.text === 'Module');
  });
  const argument = found[0]?.arguments[0];
  return found.length === 1 && argument && ts.isObjectLiteralExpression(argument) ? argument : undefined;
}

function importEdit(ts: Compiler, file: ts.SourceFile, from: ModuleAdditions['from']): Edit[] | undefined {
  const declarations = importsOf(ts, file);
  const missing = Object.entries(from).filter(([name, source]) => !isImported(ts, declarations, name, source));
  if (missing.some(([name]) => isDeclared(ts, file, name))) return undefined;
  const last = declarations.at(-1);
  if (!last) return undefined;
  const quote = last.moduleSpecifier.getText(file)[0] ?? `'`;
  const semicolon = last.getText(file).endsWith(';') ? ';' : '';
  const lines = missing.map(([name, source]) => `\nimport { ${name} } from ${quote}${source}${quote}${semicolon}`);
  return [insert(endOfLineOf(ts, file, last.end), lines.join(''))];
}

/** Whether the file has a value import of this name from this module. */
function isImported(ts: Compiler, declarations: ts.ImportDeclaration[], name: string, source: string): boolean {
  return declarations.some((declaration) => {
    const bindings = declaration.importClause?.namedBindings;
    if (moduleOf(ts, declaration) !== source || declaration.importClause?.isTypeOnly) return false;
    if (!bindings || !ts.isNamedImports(bindings)) return false;
    return bindings.elements.some((element) => {
      return element.name.text === name && !element.isTypeOnly && (element.propertyName?.text ?? name) === name;
    });
  });
}

/** Whether the name has another meaning in the file. */
function isDeclared(ts: Compiler, file: ts.SourceFile, name: string): boolean {
  let found = importsOf(ts, file).some((declaration) => namesOf(ts, declaration).includes(name));
  const visit = (node: ts.Node): void => {
    const declared = ts.isVariableDeclaration(node) || ts.isClassDeclaration(node) || ts.isFunctionDeclaration(node);
    found ||= declared && node.name?.getText(file) === name;
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The edits that add elements to both lists. `undefined` if the object is not written out, or the value of a list is not. */
function listEdits(
  ts: Compiler,
  file: ts.SourceFile,
  metadata: ts.ObjectLiteralExpression,
  additions: ModuleAdditions,
): Edit[] | undefined {
  // A spread or a computed name can contain the list.
  if (metadata.properties.some((property) => nameOf(ts, property) === undefined)) return undefined;
  const edits: Edit[] = [];
  const missing: [name: string, added: readonly string[]][] = [];
  for (const name of LISTS) {
    const property = metadata.properties.find((candidate) => nameOf(ts, candidate) === name);
    if (additions[name].length === 0) continue;
    if (!property) {
      missing.push([name, additions[name]]);
      continue;
    }
    if (!ts.isPropertyAssignment(property) || !ts.isArrayLiteralExpression(property.initializer)) return undefined;
    edits.push(...appendTo(ts, file, property.initializer, additions[name]));
  }
  return missing.length > 0 ? [...edits, newProperties(file, metadata, missing)] : edits;
}

function nameOf(ts: Compiler, { name }: ts.ObjectLiteralElementLike): string | undefined {
  return name && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : undefined;
}

/** New properties at the start of the object. */
function newProperties(
  file: ts.SourceFile,
  { properties, end }: ts.ObjectLiteralExpression,
  missing: readonly [name: string, added: readonly string[]][],
): Edit {
  const start = properties.pos;
  const first = properties[0];
  const outer = indentationAt(file, start);
  if (first && !file.text.slice(start, end).includes('\n')) {
    return insert(start, missing.map(([name, added]) => ` ${name}: [${added.join(', ')}],`).join(''));
  }
  const indentation = first ? indentationAt(file, first.getStart(file)) : `${outer}  `;
  const lines = missing.map(([name, added]) => {
    const line = `${indentation}${name}: [${added.join(', ')}],`;
    return `\n${line.length <= LINE_WIDTH ? line : `${indentation}${name}: ${onLines(added, indentation)},`}`;
  });
  return insert(start, lines.join('') + (first ? '' : `\n${outer}`));
}

function appendTo(
  ts: Compiler,
  file: ts.SourceFile,
  list: ts.ArrayLiteralExpression,
  added: readonly string[],
): Edit[] {
  const { elements } = list;
  const start = list.getStart(file);
  const last = elements.at(-1);
  if (last && startsLine(file, last.getStart(file))) return appendLines(ts, file, elements, last, added);

  const inner = file.text.slice(start + 1, list.end - 1);
  const texts = [...elements.map((element) => element.getText(file)), ...added];
  const line = lineAround(file.text, start, list.end, `[${texts.join(', ')}]`);
  const fits = line.length <= LINE_WIDTH;
  const isOneLine = !/\n|\/[/*]/.test(inner);
  if (isOneLine && !fits) return [{ start, end: list.end, text: onLines(texts, indentationAt(file, start)) }];
  if (last) return [insert(last.end, `, ${added.join(', ')}`)];
  // After the comments of an empty list.
  return [insert(list.end - 1, `${inner.trim() === '' ? '' : '\n'}${added.join(', ')}`)];
}

/** Adds elements to a list that has one on each line. A comment behind the last element stays there. */
function appendLines(
  ts: Compiler,
  file: ts.SourceFile,
  elements: ts.NodeArray<ts.Expression>,
  last: ts.Expression,
  added: readonly string[],
): Edit[] {
  const indentation = indentationAt(file, last.getStart(file));
  const lines = added.map((element) => `\n${indentation}${element}`);
  if (elements.hasTrailingComma) return [insert(endOfLineOf(ts, file, elements.end), `${lines.join(',')},`)];
  return [insert(last.end, ','), insert(endOfLineOf(ts, file, last.end), lines.join(','))];
}

function onLines(elements: readonly string[], indentation: string): string {
  return `[\n${elements.map((element) => `${indentation}  ${element},\n`).join('')}${indentation}]`;
}

/** The end of a node with the comments behind it on the same line. */
function endOfLineOf(ts: Compiler, { text }: ts.SourceFile, end: number): number {
  return ts.getTrailingCommentRanges(text, end)?.at(-1)?.end ?? end;
}

function insert(position: number, text: string): Edit {
  return { start: position, end: position, text };
}

/** The line of a text from `start`, with `replacement` instead of the part up to `end`. */
function lineAround(text: string, start: number, end: number, replacement: string): string {
  return text.slice(lineStart(text, start), start) + replacement + (/^[^\r\n]*/.exec(text.slice(end))?.[0] ?? '');
}

function lineStart(text: string, position: number): number {
  return text.lastIndexOf('\n', position - 1) + 1;
}

function startsLine({ text }: ts.SourceFile, position: number): boolean {
  return text.slice(lineStart(text, position), position).trim() === '' && position > 0;
}

function indentationAt({ text }: ts.SourceFile, position: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, position)))?.[0] ?? '';
}

/** Applies edits from the last to the first. Of two at one position, the first of the list comes first in the text. */
function apply(text: string, edits: readonly Edit[]): string {
  const eol = lineEndingOf(text);
  const ordered = edits.map((edit, index) => ({ ...edit, text: edit.text.replaceAll('\n', eol), index }));
  ordered.sort((one, other) => other.start - one.start || other.index - one.index);
  return ordered.reduce(
    (result, { start, end, text: added }) => result.slice(0, start) + added + result.slice(end),
    text,
  );
}
