import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { COINFLOW_EVENT_TYPES } from 'nestjs-coinflow-auth';
import { sampleData } from '../libs/coinflow-emulator/src/webhooks/sample-data.js';

interface KeyRow {
  types: string[];
  fields: string[];
}

const page = readFileSync(new URL('../docs/reference/webhook-events.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('## What to key each event by')).split('\n## ')[0] ?? '';
const quoted = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
const rows: KeyRow[] = [...section.matchAll(/^\| (`.*)$/gm)].map(([, row = '']) => {
  const [types, fields] = row.split('|');
  return { types: quoted(types), fields: quoted(fields) };
});
/** Coinflow does not document the data of these types. */
const UNDOCUMENTED = [
  'Seller Blocked',
  'ACH Chargeback',
  'Sub-merchant Application Submitted',
  'Config Method Status Changed',
];
/** Fields of the event itself. */
const ENVELOPE = ['created'];
const context = { version: 3 as const, merchantId: 'm', now: '2026-01-01T00:00:00.000Z' };

describe('the table of event keys in docs/reference/webhook-events.md', () => {
  it('lists every event type of the code once in docs/reference/webhook-events.md', () => {
    expect(rows.flatMap(({ types }) => types).sort()).toEqual([...COINFLOW_EVENT_TYPES].sort());
  });

  it('lists the 40 event types without data.id first in docs/reference/webhook-events.md', () => {
    const types = rows.flatMap(({ types }) => types);
    const withoutId = new Set(types.filter((type) => !('id' in sampleData(type, context))));
    expect(withoutId.size).toBe(40);
    expect(new Set(types.slice(0, 40))).toEqual(withoutId);
  });

  it.each(rows.filter(({ types: [type = ''] }) => !UNDOCUMENTED.includes(type)).map((row) => [row.types[0], row]))(
    'lists only fields in docs/reference/webhook-events.md that the data of %s has',
    (_, row) => {
      const { types, fields } = row as KeyRow;
      expect(fields.length).toBeGreaterThan(0);
      for (const type of types) {
        const data = sampleData(type, context);
        expect([type, fields.filter((field) => !(field in data) && !ENVELOPE.includes(field))]).toEqual([type, []]);
      }
    },
  );
});
