import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import { instanceToken } from '../options/tokens.js';
import { getFromInstance, registeredInstances } from './instances.js';

const moduleRef = {
  get: (token: symbol, options: object) => {
    expect(options).toEqual({ strict: false });
    if (token === instanceToken('webhooks', 'eu')) return 'webhooks of eu';
    throw new Error('Nest could not find the element');
  },
} as unknown as ModuleRef;

describe('getFromInstance', () => {
  it('returns a provider of the named instance', () => {
    expect(getFromInstance(moduleRef, 'webhooks', 'eu', 'ShopController.receive')).toBe('webhooks of eu');
  });

  it.each([
    [undefined, 'without a name'],
    ['us:live', 'with the name "us:live"'],
  ])('throws an error for the missing instance %p, and logs it once', (name, described) => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const message = `ShopController.me uses the instance of CoinflowAuthModule ${described}, which is not registered`;
    for (let i = 0; i < 2; i += 1) {
      expect(() => getFromInstance(moduleRef, 'service', name, 'ShopController.me')).toThrow(
        expect.objectContaining({ code: 'COINFLOW_MISCONFIGURED', reason: 'module-missing', message }),
      );
    }
    expect(log.mock.calls).toEqual([[expect.stringMatching(/module-missing\] Import CoinflowAuthModule/)]]);
    log.mockRestore();
  });
});

describe('registeredInstances', () => {
  it('returns the name of every registration, and undefined for the unnamed instance', () => {
    const providers = (...tokens: unknown[]): object => ({ providers: new Map(tokens.map((token) => [token, {}])) });
    const modules = new Map([
      ['a', providers(instanceToken('webhooks'), instanceToken('service'), Logger)],
      ['b', providers(instanceToken('service', 'eu'), instanceToken('webhooks', 'eu'))],
      ['c', providers(instanceToken('service', 'eu'))],
      ['d', providers('service')],
    ]) as unknown as ModulesContainer;
    expect(registeredInstances(modules)).toEqual([undefined, 'eu', 'eu']);
  });
});
