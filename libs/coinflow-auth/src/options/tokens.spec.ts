import { describe, expect, it } from '@jest/globals';
import { COINFLOW_AUTH_FACTORY, instanceOfToken, instanceToken } from './tokens.js';

const PROVIDERS = ['authenticator', 'service', 'webhooks'] as const;

describe.each(PROVIDERS)('the injection token of the %s of an instance', (provider) => {
  it.each(['', 'eu', 'eu:live', ':', 'service'])('belongs to the instance with the name %j', (name) => {
    expect(instanceOfToken(provider, instanceToken(provider, name))).toEqual({ name });
  });

  it('belongs to the unnamed instance when it has no name', () => {
    expect(instanceOfToken(provider, instanceToken(provider))).toEqual({});
  });

  it('is the same in two copies of the package', () => {
    expect(instanceToken(provider, 'eu')).toBe(Symbol.for(`nestjs-coinflow-auth:${provider}:eu`));
  });

  it('is no token of another provider', () => {
    const [other = 'service'] = PROVIDERS.filter((one) => one !== provider);
    expect(instanceOfToken(other, instanceToken(provider, 'eu'))).toBeUndefined();
    expect(instanceOfToken(other, instanceToken(provider))).toBeUndefined();
  });

  it.each([COINFLOW_AUTH_FACTORY, Symbol('eu'), Symbol.for(`nestjs-coinflow-auth:${provider}s`), Date, 'service'])(
    'is not %p',
    (token) => {
      expect(instanceOfToken(provider, token)).toBeUndefined();
    },
  );
});
