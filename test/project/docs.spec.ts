import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { RATE_LIMITED } from '../../libs/coinflow-auth/src/budget/budget-statistics.js';
import { COINFLOW_API_REASONS } from '../../libs/coinflow-auth/src/errors/api-reasons.js';
import { COINFLOW_AUTH_ERRORS } from '../../libs/coinflow-auth/src/errors/error-statuses.js';
import { ATTEMPT_INSTRUMENTS, SPAN_ATTRIBUTES } from '../../libs/coinflow-auth/src/http/telemetry.js';
import { DECISION_OUTCOMES } from '../../libs/coinflow-auth/src/metrics/coinflow-decision.js';
import { OBSERVED_INSTRUMENTS } from '../../libs/coinflow-auth/src/metrics/open-telemetry.js';
import { OPTION_TABLE, type OptionRow } from '../../libs/coinflow-auth/src/options/option-table.js';
import { DECIDED_BY } from '../../libs/coinflow-auth/src/verification/verification-result.js';
import { WEBHOOK_INSTRUMENTS } from '../../libs/coinflow-auth/src/webhooks/webhook-metrics.js';
import type { Instrument } from '../../libs/coinflow-auth/src/util/instrument.js';
import { errorsPage } from '../../scripts/pages/errors-page.mjs';
import { metricsPage } from '../../scripts/pages/metrics-page.mjs';
import { configurationPage, optionDocs, variablesSource } from '../../scripts/pages/options-page.mjs';

const INSTRUMENTS = [OBSERVED_INSTRUMENTS, ATTEMPT_INSTRUMENTS, WEBHOOK_INSTRUMENTS];

const page = (name: string): string =>
  readFileSync(new URL(`../../docs/reference/${name}.md`, import.meta.url), 'utf8');

describe('the generated docs', () => {
  it('errors.md is up to date with the error catalogue (npm run docs updates it)', () => {
    expect(page('errors')).toBe(errorsPage(COINFLOW_AUTH_ERRORS, COINFLOW_API_REASONS));
  });

  it('metrics.md is up to date with what the module reports (npm run docs updates it)', () => {
    const tables = {
      outcomes: DECISION_OUTCOMES,
      decidedBy: DECIDED_BY,
      instruments: INSTRUMENTS,
      spanAttributes: SPAN_ATTRIBUTES,
      rateLimited: RATE_LIMITED,
    };
    expect(page('metrics')).toBe(metricsPage(tables));
  });

  it('the table in configuration.md is up to date with the options (npm run docs updates it)', () => {
    expect(page('configuration')).toBe(configurationPage(page('configuration'), OPTION_TABLE));
  });

  it('the variables for nest add are up to date with the options (npm run docs updates them)', () => {
    const file = new URL('../../libs/coinflow-auth/src/schematics/variables.ts', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(variablesSource(OPTION_TABLE));
  });
});

describe('the option table', () => {
  const docs = optionDocs();
  const rows = Object.entries<OptionRow>(OPTION_TABLE);

  it('the option table has a row for every option of the interfaces, and no other', () => {
    expect(rows.map(([path]) => path).sort()).toEqual(Object.keys(docs).sort());
  });

  it.each(rows)('the option table has the default that the docstring of %s names', (path, { default: value }) => {
    const text = docs[path]?.default;
    if (value === undefined || typeof value === 'object') expect(text).toBe(value?.text);
    else expect(text?.replaceAll('_', '').replace(/ \(.*\)$/, '')).toBe(String(value));
  });

  it.each(rows)('the option table documents %s in a sentence of at most 30 words', (path) => {
    expect(docs[path]?.summary?.split(' ').length).toBeLessThanOrEqual(30);
  });

  it('the option table names each environment variable once', () => {
    const names = rows.flatMap(([, { variable }]) => (variable ? [variable.name] : []));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the alerts in docs/operations/monitoring.md', () => {
  const monitoring = readFileSync(new URL('../../docs/operations/monitoring.md', import.meta.url), 'utf8');
  const [rules = ''] = /(?<=```yaml\n)[^]*?(?=```)/.exec(monitoring) ?? [];
  /** The names that the exporter for Prometheus gives to the instruments. */
  const exported = new Map<string, Instrument>(
    INSTRUMENTS.flatMap((table) => Object.values<Instrument>(table)).map((instrument) => {
      const suffix = { counter: '_total', histogram: '_count', gauge: '' }[instrument.type];
      return [instrument.name.replaceAll('.', '_') + suffix, instrument];
    }),
  );
  const series = [...rules.matchAll(/\b(coinflow_auth_\w+)(?:\{([^}]*)\})?/g)].map(
    ([text, name = '', labels = '']): [string, string, string] => [text, name, labels],
  );

  it('the alerts have rules', () => {
    expect(series.length).toBeGreaterThan(10);
  });

  it.each(series)('the alerts name a metric of the code and values of its attributes: %s', (_, name, labels) => {
    expect([...exported.keys()]).toContain(name);
    const { attributes } = exported.get(name) as Instrument;
    for (const [, attribute = '', values = ''] of labels.matchAll(/(\w+)(?:=|!=|=~)"([^"]*)"/g)) {
      const known = attributes[attribute] ?? [];
      if (typeof known !== 'string') expect(known).toEqual(expect.arrayContaining(values.split('|')));
    }
  });
});
