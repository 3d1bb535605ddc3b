import { Controller, Get, Module, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

/** A context of Nest's, for the arguments of a handler. */
export type ContextClass = new (args: unknown[], controller: Type, handler: () => unknown) => ExecutionContext;

/** The class of the contexts that Nest gives to guards. It is not exported, so it is taken from one that Nest has made. */
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
  if (!found) throw new Error('Nest has called no guard');
  return found;
}

/** What a request has beside its session key. */
const USUAL_HEADERS = {
  host: 'shop.example',
  connection: 'keep-alive',
  accept: 'application/json',
  'user-agent': 'bench',
};

/** What the guard writes costs nothing here: that is the framework's time. */
const RESPONSE = { getHeader: () => undefined, header: () => undefined };

export interface Route {
  readonly controller: Type;
  readonly handler: () => unknown;
}

/** A context as a guard gets it: of a request that no guard has seen yet. */
export function contextOf(Context: ContextClass, { controller, handler }: Route, headers: object): ExecutionContext {
  const request = { method: 'GET', url: '/', headers: { ...USUAL_HEADERS, ...headers } };
  return new Context([request, RESPONSE], controller, handler);
}
