import { describe, expect, it } from '@jest/globals';
import { CoinflowAuth, CoinflowOptional, CoinflowPublic } from '../decorators/access.decorators.js';
import { readRoute, type CoinflowRoute, type CoinflowRoutePolicy } from './route-metadata.js';

type Decorators = (ClassDecorator & MethodDecorator)[];

function routeOf(onClass: Decorators, onHandler: Decorators): CoinflowRoute {
  class Controller {
    handler(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Controller.prototype, 'handler') ?? {};
  for (const decorate of onHandler) decorate(Controller.prototype, 'handler', descriptor);
  for (const decorate of onClass) decorate(Controller);
  return readRoute(descriptor.value as object, Controller);
}

describe('the metadata of a route', () => {
  it.each<[string, Decorators, Decorators, Omit<CoinflowRoute, 'name'>]>([
    ['nothing', [], [], { access: 'required', policy: {} }],
    ['the class', [CoinflowPublic()], [], { access: 'public', policy: {} }],
    ['the handler over the class', [CoinflowPublic()], [CoinflowAuth()], { access: 'required', policy: {} }],
    ['public over the class', [CoinflowAuth()], [CoinflowPublic()], { access: 'public', policy: {} }],
    [
      'policies merge',
      [CoinflowAuth({ maxAgeMs: 5 })],
      [CoinflowOptional()],
      { access: 'optional', policy: { maxAgeMs: 5 } },
    ],
    [
      'the handler’s policy wins',
      [CoinflowAuth({ maxAgeMs: 5 })],
      [CoinflowAuth({ maxAgeMs: 0 })],
      { access: 'required', policy: { maxAgeMs: 0 } },
    ],
    [
      'undefined takes nothing back',
      [CoinflowAuth({ maxAgeMs: 0 })],
      [CoinflowAuth({ maxAgeMs: undefined })],
      { access: 'required', policy: { maxAgeMs: 0 } },
    ],
    [
      'an empty policy takes nothing back',
      [CoinflowAuth({ maxAgeMs: 0 })],
      [CoinflowAuth()],
      { access: 'required', policy: { maxAgeMs: 0 } },
    ],
    [
      'an optional route with a policy',
      [],
      [CoinflowAuth({ maxAgeMs: 5 }), CoinflowOptional()],
      { access: 'optional', policy: { maxAgeMs: 5 } },
    ],
    [
      'the same the other way round',
      [],
      [CoinflowOptional(), CoinflowAuth({ maxAgeMs: 5 })],
      { access: 'optional', policy: { maxAgeMs: 5 } },
    ],
  ])('%s', (_, onClass, onHandler, expected) => {
    expect(routeOf(onClass, onHandler)).toEqual({ name: 'Controller.handler', ...expected });
  });

  it('a controller inherits what its parent asks', () => {
    @CoinflowAuth({ maxAgeMs: 0 })
    class Parent {
      handler(): void {}
    }
    class Child extends Parent {}
    expect(readRoute(Child.prototype.handler, Child)).toEqual({
      name: 'Child.handler',
      access: 'required',
      policy: { maxAgeMs: 0 },
    });
  });

  it.each<[string, Decorators]>([
    ['public and guarded', [CoinflowPublic(), CoinflowAuth()]],
    ['guarded and public', [CoinflowAuth(), CoinflowPublic()]],
    ['public and optional', [CoinflowPublic(), CoinflowOptional()]],
  ])('%s at once is a mistake', (_, onHandler) => {
    expect(() => routeOf([], onHandler)).toThrow(TypeError);
  });

  it.each([
    { subject: 'merchant' },
    { blockchains: [] },
    { blockchains: 'eth' },
    { blockchains: [''] },
    { subject: 'user', blockchains: ['eth'] },
    { instance: '' },
    { instance: 5 },
  ])('%j is a mistake', (policy) => {
    expect(() => CoinflowAuth(policy as CoinflowRoutePolicy)).toThrow(TypeError);
  });

  it.each([-1, NaN, '5' as unknown as number])('maxAgeMs: %p is a mistake', (maxAgeMs) => {
    expect(() => CoinflowAuth({ maxAgeMs })).toThrow(/maxAgeMs must be a number of milliseconds/);
  });
});
