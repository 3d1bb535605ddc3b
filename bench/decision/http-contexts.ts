import { Controller, Get, Module, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

/** Creates an execution context of Nest for the arguments of a handler. */
export type ContextClass = new (args: unknown[], controller: Type, handler: () => unknown) => ExecutionContext;

/** The class of Nest's execution contexts. It is not exported, so it is taken from a context that Nest has created. */
export async function findContextClass(): Promise<ContextClass> {
  let found: ContextClass | undefined;
  class Curious implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      found = context.constructor as ContextClass;
      return true;
    }
  }
  @Controller()
  class AnyController {
    @Get()
    any(): string {
      return '';
    }
  }
  @Module({ controllers: [AnyController], providers: [{ provide: APP_GUARD, useClass: Curious }] })
  class AnyModule {}
  const app = await NestFactory.create<NestFastifyApplication>(AnyModule, new FastifyAdapter(), { logger: false });
  await app.init();
  await app.inject('/');
  await app.close();
  if (!found) throw new Error('Nest did not call the guard.');
  return found;
}

/** The headers of a request without its session key. */
const USUAL_HEADERS = {
  host: 'shop.example',
  connection: 'keep-alive',
  accept: 'application/json',
  'user-agent': 'bench',
};

/** Ignores what the guard writes: that time belongs to the framework. */
const RESPONSE = { getHeader: () => undefined, header: () => undefined };

export interface Route {
  readonly controller: Type;
  readonly handler: () => unknown;
}

/** A context of a request that no guard has seen yet. */
export function contextOf(Context: ContextClass, { controller, handler }: Route, headers: object): ExecutionContext {
  const request = { method: 'GET', url: '/', headers: { ...USUAL_HEADERS, ...headers } };
  return new Context([request, RESPONSE], controller, handler);
}
