// Loads every entry of both packages. It is also compiled with their types checked: see scripts/test-package.mjs.
import 'reflect-metadata';
import * as emulator from 'coinflow-emulator';
import * as auth from 'nestjs-coinflow-auth';
import * as config from 'nestjs-coinflow-auth/config';
import * as graphql from 'nestjs-coinflow-auth/graphql';
import * as health from 'nestjs-coinflow-auth/health';
import * as microservices from 'nestjs-coinflow-auth/microservices';
import * as redis from 'nestjs-coinflow-auth/redis';
import * as testing from 'nestjs-coinflow-auth/testing';
import * as websockets from 'nestjs-coinflow-auth/websockets';

/** A type that cannot be resolved is `any`, of which nothing can be said. */
type Known<Type> = 0 extends 1 & Type ? never : Type;

export const decorators: ParameterDecorator[] = [
  (auth.CoinflowEvent satisfies Known<typeof auth.CoinflowEvent>)(),
  (auth.CurrentSession satisfies Known<typeof auth.CurrentSession>)(),
];

for (const entry of [auth, config, graphql, health, microservices, redis, testing, websockets, emulator]) {
  if (Object.keys(entry).length === 0) throw new Error('An entry exports nothing');
}
