import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SingleFlight } from './single-flight.js';

interface Call {
  succeed(value: string): void;
  fail(error: Error): void;
}

describe('SingleFlight', () => {
  let flights: SingleFlight<string>;
  let calls: Call[];
  const call = (): Promise<string> => new Promise((succeed, fail) => calls.push({ succeed, fail }));
  const at = (index: number): Call => calls[index] as Call;

  beforeEach(() => {
    jest.useFakeTimers();
    flights = new SingleFlight();
    calls = [];
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('shares a call among concurrent requests with one id', async () => {
    const all = [flights.run('a', Infinity, call), flights.run('a', Infinity, call)];
    expect(calls).toHaveLength(1);
    at(0).succeed('yes');
    await expect(Promise.all(all)).resolves.toEqual(['yes', 'yes']);
  });

  it('makes a call for each id', () => {
    void flights.run('a', Infinity, call);
    void flights.run('b', Infinity, call);
    expect(calls).toHaveLength(2);
  });

  it('passes a failure to all requests that share the call, and does not keep it', async () => {
    const all = [flights.run('a', Infinity, call), flights.run('a', Infinity, call)];
    at(0).fail(new Error('down'));
    for (const one of all) await expect(one).rejects.toThrow('down');
    void flights.run('a', Infinity, call);
    expect(calls).toHaveLength(2);
  });

  it('joins no call that began before with maxAgeMs 0, and shares the next one', async () => {
    const first = flights.run('a', 0, call);
    const second = flights.run('a', 0, call);
    const third = flights.run('a', 0, call);
    expect(calls).toHaveLength(1);
    at(0).succeed('old');
    await expect(first).resolves.toBe('old');
    expect(calls).toHaveLength(2);
    const fourth = flights.run('a', 0, call);
    at(1).succeed('new');
    await expect(Promise.all([second, third])).resolves.toEqual(['new', 'new']);
    expect(calls).toHaveLength(3);
    at(2).succeed('newest');
    await expect(fourth).resolves.toBe('newest');
  });

  it('makes the next call also after a failure', async () => {
    const first = flights.run('a', 0, call);
    const second = flights.run('a', 0, call);
    at(0).fail(new Error('down'));
    await expect(first).rejects.toThrow('down');
    at(1).succeed('up');
    await expect(second).resolves.toBe('up');
  });

  it('joins a call that is younger than maxAgeMs', async () => {
    void flights.run('a', Infinity, call);
    jest.advanceTimersByTime(100);
    void flights.run('a', 101, call);
    const tooOld = flights.run('a', 100, call);
    expect(calls).toHaveLength(1);
    at(0).succeed('old');
    await jest.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(2);
    at(1).succeed('new');
    await expect(tooOld).resolves.toBe('new');
  });
});
