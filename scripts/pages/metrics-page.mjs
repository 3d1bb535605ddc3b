import { docOf, interfacesOf, listOf } from './docstrings.mjs';
import { logLines, misconfigurations } from './log-lines.mjs';
import { markdownTable } from './markdown-table.mjs';

/** The text of `docs/reference/metrics.md`. */
export function metricsPage({ outcomes, decidedBy, instruments, spanAttributes, rateLimited }) {
  return `<!-- Generated from the code by \`npm run docs\`. Do not edit. -->

# Decisions and metrics

This page lists what the module reports: decisions, counters, OpenTelemetry instruments, spans and log lines. None of it contains a secret. [Monitoring](../operations/monitoring.md) shows how to use it.

## Outcomes

\`outcome\` of a decision says what became of a request. Each request is counted once, however many guards it passes. Routes under \`@CoinflowPublic()\` are not counted: the guard decides nothing there.

${listOfNames(outcomes, listOf('metrics/coinflow-decision.ts', 'CoinflowDecisionOutcome'))}

## What decided

\`decidedBy\` of a decision says what it came from. Only \`coinflow\` is a call to Coinflow.

${listOfNames(decidedBy, listOf('verification/verification-result.ts', 'CoinflowDecidedBy'))}

## A decision

\`onDecision()\` of \`CoinflowAuthService\` passes these fields to its listener:

${members('metrics/coinflow-decision.ts', 'CoinflowDecision')}

## Counters of \`CoinflowAuthService\`

\`metrics()\` returns plain JSON. Everything is counted since the replica started, for one instance of the module.

### \`decisions\`

${members('metrics/metrics.ts', 'CoinflowDecisionMetrics')}

### \`issuance\`

${members('metrics/metrics.ts', 'CoinflowIssuanceMetrics')}

### \`cache\`

${members('metrics/metrics.ts', 'CoinflowCacheMetrics')}

### \`budget\`

${members('budget/budget-statistics.ts', 'CoinflowBudgetMetrics')}

### \`sharedStore\`

It is \`null\` without the option \`store\`.

${members('cache/shared-cache.ts', 'CoinflowSharedStoreMetrics')}

### \`upstream\`

It has these fields for each endpoint: \`verify\` (Verify Token), \`sessionKey\` (Get Session Key) and \`message\` (Get Message).

${members('http/telemetry.ts', 'EndpointMetrics')}

### \`clockSkewMs\`

${memberOf('metrics/metrics.ts', 'CoinflowAuthMetrics', 'clockSkewMs')}

## Counters of \`CoinflowApi\`

\`metrics()\` returns the fields of [\`upstream\`](#upstream) for each operation, such as \`POST /checkout/card/{merchantId}\`.

## Counters of \`CoinflowWebhooks\`

\`metrics()\` returns:

${members('webhooks/webhook-metrics.ts', 'CoinflowWebhookMetrics')}

## OpenTelemetry instruments

They belong to the meter \`nestjs-coinflow-auth\`. Durations are in seconds. A named instance adds the attribute \`instance\`, except to \`coinflow_auth.upstream.duration\` and \`coinflow_auth.api.duration\`.

${instruments.flatMap(Object.values).map(instrumentSection).join('\n\n')}

## Spans

Each attempt to call Coinflow is a client span, such as \`GET /api/auth/verify\`. A failure has the status "error". A rejected session key is not a failure: clients that send invalid keys cannot fill your traces with errors.

No attribute contains a header, a key, a user or the body of a response.

${markdownTable([['attribute', 'what it is'], ...Object.entries(spanAttributes).map(([name, meaning]) => [code(name), meaning])])}

## Log lines

All lines have the context \`CoinflowAuth\`. "…" stands for a part that varies. The line of an error has its message, its code and its reason: \`[COINFLOW_UNAVAILABLE: timeout]\`.

${markdownTable([
  ['error', 'level', 'how often'],
  ['`COINFLOW_MISCONFIGURED`', 'error', 'once for each reason'],
  ['`COINFLOW_API_ERROR` with status 500', 'error', 'once for each operation, status and reason'],
  ['`COINFLOW_OUTCOME_UNKNOWN`', 'error', 'each'],
  ['`COINFLOW_UNAVAILABLE`, a 429 of Coinflow', 'warning', 'each call that fails'],
  ['`COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD`', 'error', 'each'],
  ['`COINFLOW_WEBHOOK_MALFORMED`', 'error', 'each'],
  ['`COINFLOW_WEBHOOK_STORE_UNAVAILABLE`', 'error', 'each'],
  ['`COINFLOW_WEBHOOK_UNAVAILABLE`', 'error', 'each; once for each merchant without `acceptMerchant`'],
  ['`COINFLOW_WEBHOOK_SIGNATURE_INVALID`', 'warning', 'each'],
  ['`COINFLOW_WEBHOOK_UNSUPPORTED_TYPE`', 'warning', 'each'],
  ['`COINFLOW_WEBHOOK_BUSY`', 'warning', 'each'],
  ['every other rejected request', 'debug', 'each'],
])}

Other lines:

${logItems(rateLimited)}

## Reasons of a misconfiguration

The error is \`COINFLOW_MISCONFIGURED\`. The client receives 500 and "Internal server error". The log has the reason and what to do. Several of these stop the application at startup.

${misconfigurations()
  .map(({ reason, actions }) => `- ${code(reason)}: ${actions.map(escaped).join(' Or: ')}`)
  .join('\n')}

## See also

- [Monitoring](../operations/monitoring.md): health, alerts and an audit log.
- [Errors](errors.md): every code, with its status.
- [Troubleshooting](../operations/troubleshooting.md).
`;
}

function listOfNames(names, meanings) {
  const missing = names.filter((name) => !meanings[name]);
  const unknown = Object.keys(meanings).filter((name) => !names.includes(name));
  if (missing.length + unknown.length > 0) throw new Error(`Not as in the docstring: ${[...missing, ...unknown]}`);
  return names.map((name) => `- ${code(name)}: ${meanings[name]}`).join('\n');
}

function members(path, name) {
  const all = interfacesOf(path)[name];
  return all.map((member) => `- ${code(member.name.text)}: ${textOf(member, name)}`).join('\n');
}

function memberOf(path, name, field) {
  const all = interfacesOf(path)[name];
  return textOf(
    all.find((member) => member.name.text === field),
    name,
  );
}

function textOf(member, owner) {
  const { text } = docOf(member);
  if (text === '') throw new Error(`${owner}.${member.name.text} has no docstring`);
  return text;
}

function instrumentSection({ name, type, description, unit, attributes }) {
  const rows = Object.entries(attributes).map(
    ([attribute, values]) =>
      `- ${code(attribute)}: ${typeof values === 'string' ? values : values.map(code).join(', ')}.`,
  );
  const head = `### ${code(name)}\n\nA ${type}${unit ? ', in seconds' : ''}. ${description}.`;
  return rows.length > 0 ? `${head}\n\n${rows.join('\n')}` : head;
}

/** Lines with a reason come first, sorted by it. */
function logItems(rateLimited) {
  const limits = Object.entries(rateLimited).map(([reason, text]) => ({
    reason,
    level: 'warning',
    text: `${text}. …`,
  }));
  const keyOf = ({ reason, text }) => reason ?? `~${text}`;
  return [...logLines(), ...limits]
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map(({ reason, level, text }) => {
      const name = reason === undefined ? '' : ` ${code(reason)}`;
      return `- **${level}**${name}: ${escaped(text)}`;
    })
    .join('\n');
}

/** In Markdown, `<` and `*` would have a meaning. */
function escaped(text) {
  return text.replace(/[<*]/g, '\\$&').replace(/…( …)+/g, '…');
}

function code(text) {
  return `\`${text}\``;
}
