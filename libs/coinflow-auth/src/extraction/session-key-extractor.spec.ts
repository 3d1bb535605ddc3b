import { describe, expect, it } from '@jest/globals';
import { extractSessionKey, type FoundSessionKey, type SessionKeyExtractor } from './session-key-extractor.js';
import { SessionKeyExtractors } from './session-key-extractors.js';

const REQUEST = { headers: {} };
const WRONG = expect.objectContaining({ code: 'COINFLOW_MISCONFIGURED', reason: 'extractor-wrong' });

/** Jest fails a test in which a rejection is found unhandled: once all microtasks have run. */
const unhandledRejectionsAreFound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an extractor of the application', () => {
  const extractorWith = (find: () => unknown): SessionKeyExtractor => ({
    schemes: ['CoinflowSession'],
    find: find as SessionKeyExtractor['find'],
  });
  const places: [string, (extractor: SessionKeyExtractor) => SessionKeyExtractor][] = [
    ['alone', (extractor) => extractor],
    ['in firstOf()', (extractor) => SessionKeyExtractors.firstOf(SessionKeyExtractors.fromHeader(), extractor)],
  ];
  const answers: [string, () => unknown][] = [
    ['a promise of keys', () => Promise.resolve([{ key: 'key' }])],
    ['a promise that rejects', () => Promise.reject(new Error('canary'))],
    ['a string', () => 'key'],
    ['nothing', () => undefined],
    ['null', () => null],
    ['one key outside of a list', () => ({ key: 'key' })],
  ];

  describe.each(places)('%s', (_, place) => {
    it.each(answers)('that returns %s is a misconfiguration, and no request without a key', async (__, find) => {
      expect(() => extractSessionKey(place(extractorWith(find)), REQUEST)).toThrow(WRONG);
      await unhandledRejectionsAreFound();
    });
  });

  it.each<[string, () => unknown]>([
    ['resolves', () => Promise.resolve()],
    ['rejects', () => Promise.reject(new Error('canary'))],
  ])('whose assertAllowed() returns a promise that %s lets no request pass', async (_, assertAllowed) => {
    const found: FoundSessionKey[] = [{ key: 'key', assertAllowed }];
    expect(() =>
      extractSessionKey(
        extractorWith(() => found),
        REQUEST,
      ),
    ).toThrow(WRONG);
    await unhandledRejectionsAreFound();
  });

  it('whose assertAllowed() throws lets no request pass', () => {
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

  it('whose assertAllowed() returns gives the key', () => {
    const extractor = extractorWith(() => [{ key: 'key', assertAllowed: () => undefined }]);
    expect(extractSessionKey(extractor, REQUEST)).toBe('key');
  });
});
