import { markdownTable } from './markdown-table.mjs';

/** The text of `docs/reference/errors.md`, generated from the catalogue of error codes. */
export function errorsPage(catalogue, reasons) {
  const sections = Object.entries(catalogue).map(([code, { status, when, message, action, guard, webhook }]) =>
    [
      `## \`${code}\``,
      `HTTP ${status}. ${when}`,
      `- **The client receives:** "${message}"`,
      `- **What to do:** ${action}`,
      `- **Thrown by:** ${throwerOf({ code, guard, webhook })}`,
    ]
      .join('\n\n')
      .replaceAll('\n\n- ', '\n- ')
      .replace('\n- ', '\n\n- '),
  );
  return `<!-- Generated from the catalogue of error codes by \`npm run docs\`. Do not edit. -->

# Errors

Every error of the package has a literal \`code\` that stays the same from version to version. The client receives Nest's usual body and the code. A 401 has \`WWW-Authenticate\`; a 429 or 503 has \`Retry-After\`.

The error itself (\`reason\`, \`action\`) and the log say why it occurred and what the operator should do. \`isCoinflowAuthError(error)\` and \`instanceof\` also recognise errors of another copy of the package.

${sections.join('\n\n')}

## Reasons of \`COINFLOW_API_ERROR\`

\`CoinflowApi\` throws a \`CoinflowApiError\` when Coinflow refuses. Its \`reason\` says why. If nothing catches it, the client receives the status below, with the \`code\`, the \`reason\` and the message, and nothing that Coinflow sent.

${markdownTable([['`reason`', 'from Coinflow', 'to the client', 'when'], ...reasonRows(reasons)])}
`;
}

function throwerOf({ code, guard, webhook }) {
  if (code === 'COINFLOW_API_ERROR' || code === 'COINFLOW_OUTCOME_UNKNOWN') return '`CoinflowApi`';
  if (webhook) return 'webhook routes';
  return guard ? 'the guard and the service' : 'the service';
}

function reasonRows(reasons) {
  return Object.entries(reasons).map(([reason, { coinflow, status, when, message }]) => [
    `\`${reason}\``,
    String(coinflow),
    `${status} "${message}"`,
    when,
  ]);
}
