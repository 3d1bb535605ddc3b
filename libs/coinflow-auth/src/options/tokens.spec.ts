import { describe, expect, it } from '@jest/globals';
import { COINFLOW_AUTH_FACTORY, instanceOfToken, instanceToken } from './tokens.js';

const PROVIDERS = ['authenticator', 'service', 'webhooks'] as const;

describe.each(PROVIDERS)('the injection token of the %s of an instance', (provider) => {
  it.each(['', 'eu', 'eu:live', ':', 'service'])('the token of a named instance belongs to it: %j', (name) => {
    expect(instanceOfToken(provider, instanceToken(provider, name))).toEqual({ name });
  });

  it('the token without a name belongs to the unnamed instance', () => {
    expect(instanceOfToken(provider, instanceToken(provider))).toEqual({});
  });

  it('two copies of the package use the same token for a provider', () => {
    expect(instanceToken(provider, 'eu')).toBe(Symbol.for(`nestjs-coinflow-auth:${provider}:eu`));
  });

  it('a token of one provider is no token of another', () => {
    const [other = 'service'] = PROVIDERS.filter((one) => one !== provider);
    expect(instanceOfToken(other, instanceToken(provider, 'eu'))).toBeUndefined();
    expect(instanceOfToken(other, instanceToken(provider))).toBeUndefined();
  });

  it.each([COINFLOW_AUTH_FACTORY, Symbol('eu'), Symbol.for(`nestjs-coinflow-auth:${provider}s`), Date, 'service'])(
    'does not take %p for the token of a provider',
    (token) => {
      expect(instanceOfToken(provider, token)).toBeUndefined();
    },
  );
});
