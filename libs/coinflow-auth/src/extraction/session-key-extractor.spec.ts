import { describe, expect, it } from '@jest/globals';
import { extractSessionKey, type FoundSessionKey, type SessionKeyExtractor } from './session-key-extractor.js';
import { SessionKeyExtractors } from './built-in-extractors.js';

const REQUEST = { headers: {} };
const INVALID = expect.objectContaining({ code: 'COINFLOW_MISCONFIGURED', reason: 'extractor-invalid' });

/** Jest fails a test in which a rejection is found unhandled: once all microtasks have run. */
const unhandledRejectionsAreFound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('extractSessionKey with an extractor of the application', () => {
  const extractorWith = (find: () => unknown): SessionKeyExtractor => ({
    schemes: ['CoinflowSession'],
    find: find as SessionKeyExtractor['find'],
  });
  const places: [string, (extractor: SessionKeyExtractor) => SessionKeyExtractor][] = [
    ['alone', (extractor) => extractor],
    ['in firstOf()', (extractor) => SessionKeyExtractors.firstOf(SessionKeyExtractors.fromHeader(), extractor)],
  ];
  const results: [string, () => unknown][] = [
    ['a promise of keys', () => Promise.resolve([{ key: 'key' }])],
    ['a promise that rejects', () => Promise.reject(new Error('canary'))],
    ['a number', () => 7],
    ['nothing', () => undefined],
    ['null', () => null],
    ['one key outside of a list', () => ({ key: 'key' })],
  ];

  describe.each(places)('%s', (where, place) => {
    it.each(results)(`reports a misconfiguration for an extractor ${where} that returns %s`, async (_, find) => {
      expect(() => extractSessionKey(place(extractorWith(find)), REQUEST)).toThrow(INVALID);
      await unhandledRejectionsAreFound();
    });
  });

  it('accepts a string as the only key, and an empty string as no key', () => {
    for (const [, place] of places) {
      expect(extractSessionKey(place(extractorWith(() => 'key')), REQUEST)).toBe('key');
      expect(extractSessionKey(place(extractorWith(() => '')), REQUEST)).toBeUndefined();
    }
  });

  it.each<[string, () => unknown]>([
    ['resolves', () => Promise.resolve()],
    ['rejects', () => Promise.reject(new Error('canary'))],
  ])('rejects the request when assertAllowed() returns a promise that %s', async (_, assertAllowed) => {
    const found: FoundSessionKey[] = [{ key: 'key', assertAllowed }];
    expect(() =>
      extractSessionKey(
        extractorWith(() => found),
        REQUEST,
      ),
    ).toThrow(INVALID);
    await unhandledRejectionsAreFound();
  });

  it('rejects the request when assertAllowed() throws', () => {
    const assertAllowed = (): void => {
      throw new Error('not allowed');
    };
    expect(() =>
      extractSessionKey(
        extractorWith(() => [{ key: 'key', assertAllowed }]),
        REQUEST,
      ),
    ).toThrow('not allowed');
  });

  it('returns the key when assertAllowed() returns', () => {
    const extractor = extractorWith(() => [{ key: 'key', assertAllowed: () => undefined }]);
    expect(extractSessionKey(extractor, REQUEST)).toBe('key');
  });
});
