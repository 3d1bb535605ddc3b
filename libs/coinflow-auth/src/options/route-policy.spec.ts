import { describe, expect, it } from '@jest/globals';
import { UseGuards, type CanActivate } from '@nestjs/common';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { CoinflowAuth, CoinflowOptional, CoinflowPublic } from '../decorators/access.decorators.js';
import { readRoute, type CoinflowRoute, type CoinflowRoutePolicy } from './route-policy.js';

type Decorators = (ClassDecorator & MethodDecorator)[];

class OtherGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const read = (handler: object, controller: object): CoinflowRoute => readRoute(handler, controller, CoinflowAuthGuard);

function routeOf(onClass: Decorators, onHandler: Decorators, Parent: new () => object = Object): CoinflowRoute {
  class Controller extends Parent {
    handler(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Controller.prototype, 'handler') ?? {};
  for (const decorate of onHandler) decorate(Controller.prototype, 'handler', descriptor);
  for (const decorate of onClass) decorate(Controller);
  return read(descriptor.value as object, Controller);
}

describe('the access and the policy of a route', () => {
  it.each<[string, Decorators, Decorators, Pick<CoinflowRoute, 'access' | 'policy'>]>([
    ['no decorator', [], [], { access: 'required', policy: {} }],
    ['the access of the class', [CoinflowPublic()], [], { access: 'public', policy: {} }],
    [
      'the access of the handler over that of the class',
      [CoinflowPublic()],
      [CoinflowAuth()],
      { access: 'required', policy: {} },
    ],
    ['a public handler of a guarded class', [CoinflowAuth()], [CoinflowPublic()], { access: 'public', policy: {} }],
    [
      'the policy of the class and the access of the handler',
      [CoinflowAuth({ maxAgeMs: 5 })],
      [CoinflowOptional()],
      { access: 'optional', policy: { maxAgeMs: 5 } },
    ],
    [
      'the policy of the handler over that of the class',
      [CoinflowAuth({ maxAgeMs: 5 })],
      [CoinflowAuth({ maxAgeMs: 0 })],
      { access: 'required', policy: { maxAgeMs: 0 } },
    ],
    [
      'an undefined field, which removes nothing',
      [CoinflowAuth({ maxAgeMs: 0 })],
      [CoinflowAuth({ maxAgeMs: undefined })],
      { access: 'required', policy: { maxAgeMs: 0 } },
    ],
    [
      'an empty policy, which removes nothing',
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
      'an optional route with a policy, in the other order',
      [],
      [CoinflowOptional(), CoinflowAuth({ maxAgeMs: 5 })],
      { access: 'optional', policy: { maxAgeMs: 5 } },
    ],
  ])('merges the decorators of a class and a handler: %s', (_, onClass, onHandler, expected) => {
    const isDecorated = onClass.length + onHandler.length > 0;
    expect(routeOf(onClass, onHandler)).toEqual({
      name: 'Controller.handler',
      ...expected,
      isDecorated,
      isSubscription: false,
    });
  });

  it('inherits the policy of the extended class', () => {
    @CoinflowAuth({ maxAgeMs: 0 })
    class Parent {
      handler(): void {}
    }
    class Child extends Parent {}
    expect(read(Child.prototype.handler, Child)).toEqual({
      name: 'Child.handler',
      access: 'required',
      policy: { maxAgeMs: 0 },
      isDecorated: true,
      isSubscription: false,
    });
  });

  it.each<[string, Decorators, Decorators, Decorators, Pick<CoinflowRoute, 'access' | 'policy'>]>([
    [
      'the policies of both',
      [CoinflowAuth({ subject: 'wallet' })],
      [CoinflowAuth({ maxAgeMs: 0 })],
      [],
      { access: 'required', policy: { subject: 'wallet', maxAgeMs: 0 } },
    ],
    [
      'the nearest of two values',
      [CoinflowAuth({ maxAgeMs: 5 })],
      [CoinflowAuth({ maxAgeMs: 0 })],
      [],
      { access: 'required', policy: { maxAgeMs: 0 } },
    ],
    [
      'the nearest of two lists, not their sum',
      [CoinflowAuth({ blockchains: ['eth', 'base'] })],
      [CoinflowAuth({ blockchains: ['solana'] })],
      [],
      { access: 'required', policy: { blockchains: ['solana'] } },
    ],
    ['the nearest access', [CoinflowAuth()], [CoinflowOptional()], [], { access: 'optional', policy: {} }],
    ['required over public', [CoinflowPublic()], [CoinflowAuth()], [], { access: 'required', policy: {} }],
    [
      'the guard of the subclass over the access of its parent',
      [CoinflowOptional()],
      [UseGuards(CoinflowAuthGuard)],
      [],
      { access: 'required', policy: {} },
    ],
    [
      'the access of the parent under a guard of another package',
      [CoinflowOptional()],
      [UseGuards(OtherGuard)],
      [],
      { access: 'optional', policy: {} },
    ],
    [
      'the guard of a handler over both classes',
      [CoinflowPublic()],
      [CoinflowOptional()],
      [UseGuards(CoinflowAuthGuard)],
      { access: 'required', policy: {} },
    ],
    [
      'the access of the class under a handler with a guard of another package',
      [],
      [CoinflowPublic()],
      [UseGuards(OtherGuard)],
      { access: 'public', policy: {} },
    ],
  ])('merges the decorators of the extended class: %s', (_, onParent, onClass, onHandler, expected) => {
    class Parent {}
    for (const decorate of onParent) decorate(Parent);
    expect(routeOf(onClass, onHandler, Parent)).toMatchObject({ name: 'Controller.handler', ...expected });
  });

  it('leaves the policy of the extended class unchanged', () => {
    @CoinflowAuth({ maxAgeMs: 5 })
    class Parent {
      handler(): void {}
    }
    @CoinflowAuth({ subject: 'user' })
    class Child extends Parent {
      @CoinflowAuth({ maxAgeMs: 0 })
      override handler(): void {}
    }
    expect(read(Parent.prototype.handler, Parent).policy).toEqual({ maxAgeMs: 5 });
    expect(read(Child.prototype.handler, Child).policy).toEqual({ maxAgeMs: 0, subject: 'user' });
  });

  it('keeps the policy of an overridden handler', () => {
    class Parent {
      @CoinflowAuth({ maxAgeMs: 0, subject: 'user' })
      handler(): void {}
    }
    class Child extends Parent {
      @CoinflowOptional()
      @CoinflowAuth({ subject: 'wallet' })
      override handler(): void {}
    }
    expect(read(Child.prototype.handler, Child)).toMatchObject({
      name: 'Child.handler',
      access: 'optional',
      policy: { maxAgeMs: 0, subject: 'wallet' },
    });
    expect(read(Parent.prototype.handler, Parent)).toMatchObject({ policy: { maxAgeMs: 0, subject: 'user' } });
  });

  it.each([
    ['optional', CoinflowOptional()],
    ['public', CoinflowPublic()],
  ])('requires a session when @CoinflowAuth() is on a handler that overrides one that is %s', (_, access) => {
    class Parent {
      @access
      handler(): void {}
    }
    class Child extends Parent {
      @CoinflowAuth()
      override handler(): void {}
    }
    expect(read(Child.prototype.handler, Child).access).toBe('required');
  });

  it('reads the policy of a replaced handler from the prototype of its function', () => {
    class Controller {
      @CoinflowAuth({ maxAgeMs: 0 })
      handler(): void {}
    }
    const handler = Object.setPrototypeOf(() => undefined, Controller.prototype.handler) as object;
    expect(read(handler, Controller).policy).toEqual({ maxAgeMs: 0 });
  });

  it.each<[string, Decorators]>([
    ['public and guarded', [CoinflowPublic(), CoinflowAuth()]],
    ['guarded and public', [CoinflowAuth(), CoinflowPublic()]],
    ['public and optional', [CoinflowPublic(), CoinflowOptional()]],
  ])('rejects contradictory decorators: %s', (_, onHandler) => {
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
    { maxAgeMs: null },
    ['eu'],
  ])('rejects the invalid policy %j', (policy) => {
    expect(() => CoinflowAuth(policy as CoinflowRoutePolicy)).toThrow(TypeError);
  });

  it.each([
    [{ maxAge: 5 }, 'maxAge'],
    [{ subject: 'user', blockchain: 'eth' }, 'blockchain'],
    [{ maxAge: undefined }, 'maxAge'],
    [{ [Symbol('instance')]: 'eu' }, 'Symbol(instance)'],
  ])('rejects an unknown field of a policy by its name: %p', (policy, field) => {
    expect(() => CoinflowAuth(policy as CoinflowRoutePolicy)).toThrow(
      new TypeError(
        `@CoinflowAuth(): ${field} is not a field of a policy; the fields are maxAgeMs, subject, blockchains, instance`,
      ),
    );
  });

  it.each([null, 'eu', 5])('rejects %p, which is not an object', (policy) => {
    expect(() => CoinflowAuth(policy as CoinflowRoutePolicy)).toThrow(
      new TypeError('@CoinflowAuth(): a policy must be an object'),
    );
  });

  it('rejects @CoinflowAuth without parentheses', () => {
    const bare = CoinflowAuth as unknown as (target: object, name?: string) => unknown;
    class Controller {
      handler(): void {}
    }
    expect(() => bare(Controller)).toThrow(TypeError);
    expect(() => bare(Controller.prototype, 'handler')).toThrow(TypeError);
  });

  it.each([-1, NaN, '5' as unknown as number])('rejects maxAgeMs: %p', (maxAgeMs) => {
    expect(() => CoinflowAuth({ maxAgeMs })).toThrow(/maxAgeMs must be a number of milliseconds/);
  });
});
