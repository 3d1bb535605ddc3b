// The log lines of nestjs-coinflow-auth, and the reasons of a misconfiguration: found in the sources.
import { relative } from 'node:path';
import ts from 'typescript';
import { parse, sourceFolder } from './docstrings.mjs';

const REASON = / ?\[([a-z]+(?:-[a-z]+)+)\]$/;
const LEVELS = { log: 'log', warn: 'warning', error: 'error', debug: 'debug' };
/** Stands for a part of the text that depends on the request or on another program. */
const VARYING = '…';

const files = ts.sys
  .readDirectory(sourceFolder, ['.ts'], ['**/*.spec.ts', '**/doctor', '**/schematics', '**/testing'])
  .map((path) => parse(relative(sourceFolder, path)));

/** The lines with a text of their own: those of errors consist of the error's message, code and reason. */
export function logLines() {
  return files.flatMap((file) => nodesIn(file).flatMap((node) => lineOf(node, file)));
}

function lineOf(node, file) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
  // In these sources, only loggers have methods of these names.
  const { name } = node.expression;
  if (!Object.hasOwn(LEVELS, name.text)) return [];
  const text = textOf(node.arguments[0], file);
  const [, reason] = REASON.exec(text) ?? [];
  const isOwn = reason !== undefined || /\w+ \w+ \w+/.test(text);
  return isOwn ? [{ reason, level: LEVELS[name.text], text: text.replace(REASON, '').replaceAll('\n', ' ') }] : [];
}

/** The reasons of `CoinflowMisconfiguredError`, sorted, each with what to do. */
export function misconfigurations() {
  const found = files.flatMap((file) =>
    nodesIn(file)
      .filter(ts.isObjectLiteralExpression)
      .flatMap((details) => misconfigurationOf(details, file)),
  );
  const actionsOf = (name) => found.filter(({ reason }) => reason === name).map(({ action }) => action);
  return [...new Set(found.map(({ reason }) => reason))]
    .sort()
    .map((reason) => ({ reason, actions: [...new Set(actionsOf(reason))] }));
}

function misconfigurationOf(details, file) {
  const { reason, action } = Object.fromEntries(
    details.properties.filter(ts.isPropertyAssignment).map(({ name, initializer }) => [name.getText(), initializer]),
  );
  if (!reason || !ts.isStringLiteral(reason) || !action || !isMisconfiguration(details.parent)) return [];
  return [{ reason: reason.text, action: textOf(action, file) }];
}

/** `new CoinflowMisconfiguredError()`, or one of the functions that create it. */
function isMisconfiguration(node) {
  if (ts.isNewExpression(node)) return node.expression.getText() === 'CoinflowMisconfiguredError';
  return ts.isCallExpression(node) && ['misconfigured', 'reject'].includes(node.expression.getText());
}

function isConcatenation(node) {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

/** The text of an expression, with the values of the constants in it that are texts or numbers. */
function textOf(node, file) {
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return node.text;
  if (isConcatenation(node)) return textOf(node.left, file) + textOf(node.right, file);
  if (ts.isTemplateExpression(node)) {
    const rest = node.templateSpans.map(({ expression, literal }) => textOf(expression, file) + literal.text);
    return node.head.text + rest.join('');
  }
  const name = nameOf(node);
  return name === undefined ? (thousandthOf(node, file) ?? VARYING) : textOfName(name, file);
}

/** Of a constant or of a function that is called. */
function nameOf(node) {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : undefined;
}

/** `TIMEOUT_MS / 1_000`: the only arithmetic in the lines. */
function thousandthOf(node, file) {
  const isDivision = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.SlashToken;
  const number = isDivision ? Number(textOf(node.left, file)) / 1_000 : NaN;
  return Number.isNaN(number) ? undefined : String(number);
}

function textOfName(name, file) {
  const declaration = nodesIn(file).find(
    (one) => (ts.isVariableDeclaration(one) || ts.isFunctionDeclaration(one)) && one.name.getText() === name,
  );
  if (!declaration) return VARYING;
  const value = ts.isVariableDeclaration(declaration)
    ? declaration.initializer
    : declaration.body.statements.find(ts.isReturnStatement)?.expression;
  return value ? textOf(value, file) : VARYING;
}

function nodesIn(node) {
  const children = [];
  node.forEachChild((child) => void children.push(child));
  return children.flatMap((child) => [child, ...nodesIn(child)]);
}
