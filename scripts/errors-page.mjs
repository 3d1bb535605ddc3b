/** The text of `docs/errors.md`, from the catalogue of the codes. */
export function errorsPage(catalogue) {
  const sections = Object.entries(catalogue).map(([code, { status, when, message, action, guard, webhook }]) =>
    [
      `## \`${code}\``,
      `HTTP ${status}. ${when}`,
      `- **The client reads:** “${message}”`,
      `- **What to do:** ${action}`,
      `- **Comes from:** ${webhook ? 'webhook routes' : guard ? 'the guard and the service' : 'the service'}`,
    ]
      .join('\n\n')
      .replaceAll('\n\n- ', '\n- ')
      .replace('\n- ', '\n\n- '),
  );
  return `<!-- Made from the catalogue of the codes by \`npm run docs\`; do not edit. -->

# Errors

Every error of the package has a literal \`code\` that stays the same from version to version. The client gets Nest’s usual body plus the code; 401s carry \`WWW-Authenticate\`, 429s and 503s \`Retry-After\`. The reason in detail, and what the operator should do, are in the error itself (\`reason\`, \`action\`) and in the log. \`isCoinflowAuthError(error)\` and \`instanceof\` recognise the errors of any copy of the package.

${sections.join('\n\n')}
`;
}
