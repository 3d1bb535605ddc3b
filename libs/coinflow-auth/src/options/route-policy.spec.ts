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
    expect(read(Child.prototype.handler, Child)).toEqual({
      name: 'Child.handler',
      access: 'required',
      policy: { maxAgeMs: 0 },
    });
  });

  it.each<[string, Decorators, Decorators, Decorators, Omit<CoinflowRoute, 'name'>]>([
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
      'the access of the parent under a guard that is not ours',
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
      'the access of the class under a handler with a guard that is not ours',
      [],
      [CoinflowPublic()],
      [UseGuards(OtherGuard)],
      { access: 'public', policy: {} },
    ],
  ])('a controller that extends another has %s', (_, onParent, onClass, onHandler, expected) => {
    class Parent {}
    for (const decorate of onParent) decorate(Parent);
    expect(routeOf(onClass, onHandler, Parent)).toEqual({ name: 'Controller.handler', ...expected });
  });

  it('a subclass does not change the class that it extends', () => {
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

  it('a handler that overrides another keeps its policy', () => {
    class Parent {
      @CoinflowAuth({ maxAgeMs: 0, subject: 'user' })
      handler(): void {}
    }
    class Child extends Parent {
      @CoinflowOptional()
      @CoinflowAuth({ subject: 'wallet' })
      override handler(): void {}
    }
    expect(read(Child.prototype.handler, Child)).toEqual({
      name: 'Child.handler',
      access: 'optional',
      policy: { maxAgeMs: 0, subject: 'wallet' },
    });
    expect(read(Parent.prototype.handler, Parent)).toMatchObject({ policy: { maxAgeMs: 0, subject: 'user' } });
  });

  it.each([
    ['optional', CoinflowOptional()],
    ['public', CoinflowPublic()],
  ])('a handler that overrides one that is %s can require a session', (_, access) => {
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

  it('a method that replaces another and has it as its prototype keeps its metadata', () => {
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
    { maxAgeMs: null },
    ['eu'],
  ])('%j is a mistake', (policy) => {
    expect(() => CoinflowAuth(policy as CoinflowRoutePolicy)).toThrow(TypeError);
  });

  it.each([
    [{ maxAge: 5 }, 'maxAge'],
    [{ subject: 'user', blockchain: 'eth' }, 'blockchain'],
    [{ maxAge: undefined }, 'maxAge'],
    [{ [Symbol('instance')]: 'eu' }, 'Symbol(instance)'],
  ])('an unknown field of a policy is rejected and named: %p', (policy, field) => {
    expect(() => CoinflowAuth(policy as CoinflowRoutePolicy)).toThrow(
      new TypeError(
        `@CoinflowAuth(): ${field} is not a field of a policy; the fields are maxAgeMs, subject, blockchains, instance`,
      ),
    );
  });

  it.each([null, 'eu', 5])('a policy must be an object, and %p is a mistake', (policy) => {
    expect(() => CoinflowAuth(policy as CoinflowRoutePolicy)).toThrow(
      new TypeError('@CoinflowAuth(): a policy must be an object'),
    );
  });

  it('@CoinflowAuth without parentheses is a mistake', () => {
    const bare = CoinflowAuth as unknown as (target: object, name?: string) => unknown;
    class Controller {
      handler(): void {}
    }
    expect(() => bare(Controller)).toThrow(TypeError);
    expect(() => bare(Controller.prototype, 'handler')).toThrow(TypeError);
  });

  it.each([-1, NaN, '5' as unknown as number])('maxAgeMs: %p is a mistake', (maxAgeMs) => {
    expect(() => CoinflowAuth({ maxAgeMs })).toThrow(/maxAgeMs must be a number of milliseconds/);
  });
});
