import { describe, expect, it } from '@jest/globals';
import * as errors from './coinflow-auth.errors.js';
import { COINFLOW_AUTH_ERRORS } from './error-statuses.js';

const { CoinflowAuthError, CoinflowSessionRejectedError, CoinflowUnavailableError, isCoinflowAuthError } = errors;

/** As another copy of the package throws it: another class, the same brand and code. */
function foreignError(): unknown {
  return Object.assign(new Error('rejected'), {
    code: 'COINFLOW_SESSION_REJECTED',
    [Symbol.for('nestjs-coinflow-auth:error')]: true,
  });
}

describe('CoinflowAuthError', () => {
  it('CoinflowAuthError has one subclass for every error code', () => {
    const classes = Object.values(errors).filter(
      (value) => typeof value === 'function' && 'code' in value && value.code,
    );
    expect(classes.map((one) => (one as unknown as { code: string }).code).sort()).toEqual(
      Object.keys(COINFLOW_AUTH_ERRORS).sort(),
    );
  });

  it('an error has a name, code, reason, action and cause', () => {
    const cause = new Error('socket hang up');
    const error = new CoinflowUnavailableError('down', { reason: 'reset', retryAfterMs: 5_000, cause });
    expect(error).toMatchObject({
      name: 'CoinflowUnavailableError',
      message: 'down',
      code: 'COINFLOW_UNAVAILABLE',
      reason: 'reset',
      action: COINFLOW_AUTH_ERRORS.COINFLOW_UNAVAILABLE.action,
      retryAfterMs: 5_000,
      cause,
    });
    expect('cause' in new CoinflowUnavailableError('down', { reason: 'reset', retryAfterMs: 1 })).toBe(false);
  });

  const CLASSES = Object.entries(errors).filter(
    ([, value]) => typeof value === 'function' && 'code' in value && value.code,
  ) as [string, new (...args: unknown[]) => Error][];

  it.each(CLASSES)('%s keeps its name when a minifier renames the class', (name, Class) => {
    const Minified = (() => class extends Class {})();
    Object.defineProperty(Minified, 'name', { value: 'a' });
    const details = { reason: 'down', retryAfterMs: 1 };
    expect(new Class('message', details).name).toBe(name);
    expect(new Minified('message', details).name).toBe(name);
  });

  it.each(CLASSES)('%s is temporary if its status is 429 or 503', (_, Class) => {
    const error = new Class('message', { reason: 'down', retryAfterMs: 1 }) as InstanceType<typeof CoinflowAuthError>;
    expect(errors.isTemporary(error)).toBe([429, 503].includes(COINFLOW_AUTH_ERRORS[error.code].status));
  });

  it.each([new Error('x'), { retryAfterMs: 1 }, undefined])('%p is not temporary', (value) => {
    expect(errors.isTemporary(value)).toBe(false);
  });

  it('an error takes its action from the details before that of its code', () => {
    expect(new errors.CoinflowMisconfiguredError('x', { reason: 'y', action: 'do this' }).action).toBe('do this');
  });

  it('recognises an error of another copy of the package with instanceof', () => {
    const foreign = foreignError();
    expect(isCoinflowAuthError(foreign)).toBe(true);
    expect(foreign).toBeInstanceOf(CoinflowAuthError);
    expect(foreign).toBeInstanceOf(CoinflowSessionRejectedError);
    expect(foreign).not.toBeInstanceOf(CoinflowUnavailableError);
  });

  it.each([null, undefined, 'text', new Error('x'), { code: 'COINFLOW_SESSION_REJECTED' }])(
    'does not take %p for an error of this package',
    (value) => {
      expect(isCoinflowAuthError(value)).toBe(false);
      expect((value as object) instanceof CoinflowSessionRejectedError).toBe(false);
    },
  );

  it('does not take a parent error for an instance of a subclass of the application', () => {
    class MyRejection extends CoinflowSessionRejectedError {}
    const mine = new MyRejection('x', { reason: 'mine' });
    expect(mine).toBeInstanceOf(MyRejection);
    expect(mine).toBeInstanceOf(CoinflowSessionRejectedError);
    expect(new CoinflowSessionRejectedError('x', { reason: 'y' })).not.toBeInstanceOf(MyRejection);
  });
});
