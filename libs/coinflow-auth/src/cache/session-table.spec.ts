import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sessionKeyId } from './cached-session.js';
import { SessionTable } from './session-table.js';

interface Entry {
  name: string;
}

const id = (name: string): string => sessionKeyId(name);
const namesOf = (table: SessionTable<Entry>, names: string[]): string[] =>
  names.filter((name) => table.get(id(name))?.name === name);

/** Ids whose first bytes are the same, so that they all want the same slot. */
const colliding = (last: number): string => '\x07'.repeat(31) + String.fromCharCode(last);

function tableOf(max: number, ...names: string[]): SessionTable<Entry> {
  const table = new SessionTable<Entry>(max);
  for (const name of names) table.set(id(name), { name });
  return table;
}

describe('SessionTable', () => {
  it('returns the newest session of an id', () => {
    const table = tableOf(4, 'a', 'b');
    table.set(id('a'), { name: 'another' });
    expect(table.get(id('a'))).toEqual({ name: 'another' });
    expect(table.get(id('b'))).toEqual({ name: 'b' });
    expect(table.get(id('c'))).toBeUndefined();
    expect(table.size).toBe(2);
  });

  it('tells ids apart that differ in one character', () => {
    const table = new SessionTable<Entry>(64);
    const base = id('a');
    table.set(base, { name: 'a' });
    for (let i = 0; i < base.length; i += 1) {
      const other = base.slice(0, i) + String.fromCharCode(base.charCodeAt(i) ^ 1) + base.slice(i + 1);
      expect(table.get(other)).toBeUndefined();
    }
  });

  it('holds at most as many sessions as its maximum, which can be one', () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `name-${i}`);
    for (const max of [1, 2, 3, 100]) {
      const table = tableOf(max, ...names);
      expect(table.size).toBe(max);
      expect(namesOf(table, names)).toHaveLength(max);
      expect(namesOf(table, names)).toContain('name-999');
    }
  });

  it('keeps a session that is read while others are added', () => {
    const table = tableOf(10, 'busy');
    for (let i = 0; i < 1_000; i += 1) {
      table.set(id(`passer-by-${i}`), { name: 'passer-by' });
      expect(table.get(id('busy'))).toEqual({ name: 'busy' });
    }
  });

  it('evicts a session that was not read since the hand last passed it', () => {
    const table = tableOf(3, 'a', 'b', 'c');
    table.set(id('d'), { name: 'd' });
    expect(table.get(id('b'))).toEqual({ name: 'b' });
    table.set(id('e'), { name: 'e' });
    expect(namesOf(table, ['a', 'b', 'c', 'd', 'e'])).toEqual(['b', 'd', 'e']);
  });

  it('finds ids of the same slot, also after some of them were deleted', () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const table = new SessionTable<{ i: number }>(20);
    for (const i of numbers) table.set(colliding(i), { i });
    for (const i of numbers.filter((one) => one % 3 === 0)) table.delete(colliding(i));
    for (const i of numbers) expect(table.get(colliding(i))).toEqual(i % 3 === 0 ? undefined : { i });
  });

  it('behaves like a Map until it is full', () => {
    const name = fc.integer({ min: 0, max: 40 }).map((i) => (i < 20 ? colliding(i) : id(`${i}`)));
    const step = fc.record({ what: fc.constantFrom('set', 'delete', 'get'), name, value: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new SessionTable<{ value: number }>(41);
        const model = new Map<string, { value: number }>();
        for (const { what, name, value } of steps) {
          if (what === 'get') expect(table.get(name)).toEqual(model.get(name));
          for (const one of what === 'set' ? [table, model] : []) one.set(name, { value });
          for (const one of what === 'delete' ? [table, model] : []) one.delete(name);
          expect(table.size).toBe(model.size);
        }
        for (const [name, entry] of model) expect(table.get(name)).toEqual(entry);
      }),
      { numRuns: 500 },
    );
  });

  it('never returns the session of another id, also when it evicts sessions', () => {
    const step = fc.record({ what: fc.constantFrom('set', 'set', 'delete'), i: fc.integer({ min: 0, max: 30 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 200 }), (max, steps) => {
        const table = new SessionTable<{ i: number }>(max);
        const known = new Set<number>();
        for (const { what, i } of steps) {
          if (what === 'set') table.set(colliding(i), { i });
          else table.delete(colliding(i));
          known.add(i);
          expect(table.get(colliding(i))).toEqual(what === 'set' ? { i } : undefined);
          const found = [...known].filter((one) => table.get(colliding(one))?.i === one);
          expect(found).toHaveLength(table.size);
          expect(table.size).toBeLessThanOrEqual(max);
        }
      }),
      { numRuns: 500 },
    );
  });
});
