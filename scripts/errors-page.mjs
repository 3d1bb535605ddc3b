/** The text of `docs/errors.md`, generated from the catalogue of error codes. */
export function errorsPage(catalogue) {
  const sections = Object.entries(catalogue).map(([code, { status, when, message, action, guard, webhook }]) =>
    [
      `## \`${code}\``,
      `HTTP ${status}. ${when}`,
      `- **The client receives:** "${message}"`,
      `- **What to do:** ${action}`,
      `- **Thrown by:** ${webhook ? 'webhook routes' : guard ? 'the guard and the service' : 'the service'}`,
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
`;
}
