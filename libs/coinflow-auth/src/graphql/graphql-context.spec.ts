import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger, type ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { graphqlContext } from './graphql-context.js';

const INFO = { operation: { operation: 'query' } };
const request = { headers: { host: 'shop.example' } };

function contextOf(...args: unknown[]): ExecutionContext {
  return new ExecutionContextHost(args, class {}, () => undefined);
}

describe('graphqlContext', () => {
  const adapter = graphqlContext();

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });

  it('finds the request for a resolver, and for a reference resolver of a federated graph', () => {
    const operation = { req: request };
    for (const args of [
      [undefined, {}, operation, INFO],
      [{ id: 1 }, operation, INFO],
    ]) {
      expect(adapter.find(contextOf(...args))).toMatchObject({ request, carrier: operation, isShared: true });
    }
  });

  it.each<[described: string, operation: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'context'],
    ['an empty object', {}],
    ['a request without headers', { req: {} }],
    ['null as the request', { req: null, request: null }],
  ])('throws an error that says what to do if the context of the operation is %s', (_, operation) => {
    expect(() => adapter.find(contextOf(undefined, {}, operation, INFO))).toThrow(
      expect.objectContaining({ code: 'COINFLOW_MISCONFIGURED', reason: 'graphql-context' }),
    );
  });

  it('refuses a subscription whose socket it does not know, because it could not end it', () => {
    const info = { operation: { operation: 'subscription' } };
    expect(() => adapter.find(contextOf(undefined, {}, { req: request }, info))).toThrow(
      expect.objectContaining({
        reason: 'graphql-context',
        message: expect.stringContaining('no socket of graphql-ws'),
      }),
    );
  });

  it.each([
    ['on Express', { headersSent: true }],
    ['on Fastify', { sent: true }],
  ])('writes Vary to a response, unless it has been sent: %s', (_, sent) => {
    for (const state of [{}, sent]) {
      const response = { ...state, getHeader: () => undefined, header: jest.fn() };
      const found = adapter.find(contextOf(undefined, {}, { req: request, res: response }, INFO));
      found.response?.header('vary', 'cookie');
      found.response?.header('WWW-Authenticate', 'Bearer');
      found.response?.header('Retry-After', '5');
      expect(response.header.mock.calls).toEqual(state === sent ? [] : [['vary', 'cookie']]);
    }
  });

  it('has no response for an operation over graphql-ws, and the checks of a socket whatever the handshake looks like', () => {
    const socket = { close: jest.fn(), once: jest.fn() };
    const found = adapter.find(contextOf(undefined, {}, { req: { extra: { request, socket } } }, INFO));
    expect(found.response).toBeUndefined();
    expect(found.request.headers).toEqual({ host: 'shop.example', upgrade: 'websocket' });
  });
});
