import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { NO_CLAIMS } from './claims.js';
import { CoinflowSession } from './coinflow-session.js';

const claims = { subject: { kind: 'user', userId: 'alice' }, merchantId: 'm', issuedAt: 1, expiresAt: 2 } as const;

describe('CoinflowSession', () => {
  it('a session has the subject, the merchant and the dates of its claims', () => {
    expect(new CoinflowSession('secret', claims)).toMatchObject({
      key: 'secret',
      subject: { kind: 'user', userId: 'alice' },
      merchantId: 'm',
      issuedAt: new Date(1_000),
      expiresAt: new Date(2_000),
    });
    expect(new CoinflowSession('secret', NO_CLAIMS)).toMatchObject({ issuedAt: null, expiresAt: null, subject: null });
  });

  it('a session does not show its key in JSON, inspection, spread or strings', () => {
    const session = new CoinflowSession('secret', claims);
    expect(JSON.parse(JSON.stringify(session))).toEqual({
      subject: { kind: 'user', userId: 'alice' },
      merchantId: 'm',
      issuedAt: '1970-01-01T00:00:01.000Z',
      expiresAt: '1970-01-01T00:00:02.000Z',
    });
    for (const text of [
      inspect(session, { showHidden: true, getters: true }),
      String(session),
      Object.values({ ...session }).join(),
    ]) {
      expect(text).not.toContain('secret');
    }
    expect(inspect(session)).toMatch(/^CoinflowSession \{.*alice/s);
  });

  it('gives each reader dates of its own, since requests with one key share the session', () => {
    const session = new CoinflowSession('secret', claims);
    session.expiresAt?.setFullYear(2_999);
    expect(session.expiresAt).toEqual(new Date(2_000));
    expect(Object.keys(session)).toEqual(['subject', 'merchantId', 'issuedAt', 'expiresAt']);
    expect({ ...session }).toMatchObject({ issuedAt: new Date(1_000), expiresAt: new Date(2_000) });
  });

  it('a session is frozen', () => {
    expect(Object.isFrozen(new CoinflowSession('secret', claims))).toBe(true);
  });
});
