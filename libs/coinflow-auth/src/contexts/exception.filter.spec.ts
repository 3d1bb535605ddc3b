import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ArgumentsHost } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CoinflowInvalidArgumentError, CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';
import { instanceToken } from '../options/tokens.js';
import { CoinflowAuthExceptionFilter } from './exception.filter.js';

const filter = new CoinflowAuthExceptionFilter();
const error = new CoinflowSessionRejectedError('Coinflow rejected the session key', { reason: 'rejected' });
const CLIENT_ERROR = {
  status: 'error',
  code: 'COINFLOW_SESSION_REJECTED',
  message: 'Invalid session key.',
};

function hostOf(context: string, client?: unknown): ArgumentsHost {
  return {
    getType: () => context,
    switchToWs: () => ({ getClient: () => client }),
    switchToHttp: () => ({ getResponse: () => client }),
  } as unknown as ArgumentsHost;
}

describe('CoinflowAuthExceptionFilter', () => {
  it('emits the event exception to a client of Socket.IO', () => {
    const client = { emit: jest.fn(), send: jest.fn() };
    expect(filter.catch(error, hostOf('ws', client))).toBeUndefined();
    expect(client.emit.mock.calls).toEqual([['exception', CLIENT_ERROR]]);
    expect(client.send).not.toHaveBeenCalled();
  });

  it('sends the event exception to a native WebSocket, whose emit would reach only its own listeners', () => {
    const client = { readyState: 1, emit: jest.fn(), send: jest.fn() };
    filter.catch(error, hostOf('ws', client));
    expect(client.send.mock.calls).toEqual([[JSON.stringify({ event: 'exception', data: CLIENT_ERROR })]]);
    expect(client.emit).not.toHaveBeenCalled();
  });

  it('sends the name of an invalid argument to the client', () => {
    const client = { emit: jest.fn() };
    filter.catch(new CoinflowInvalidArgumentError('wallet', 'must be a string'), hostOf('ws', client));
    expect(client.emit).toHaveBeenCalledWith(
      'exception',
      expect.objectContaining({ message: 'wallet must be a string' }),
    );
  });

  it('ignores a gateway without a client, where an exception would be an unhandled rejection', () => {
    expect(filter.catch(error, hostOf('ws'))).toBeUndefined();
    expect(filter.catch(error, hostOf('ws', {}))).toBeUndefined();
  });

  it.each([
    ['rmq', undefined],
    ['graphql', {}],
    ['http', undefined],
    ['http', { subject: 'a job, not a response' }],
  ])('throws the error again in an unsupported context: %s with %j', (context, client) => {
    expect(() => filter.catch(error, hostOf(context, client))).toThrow(error);
  });

  describe('in a context that the application has an adapter for', () => {
    const instances = new Map<symbol, { contexts: Map<string, unknown> }>();
    const adapter = {
      toException: ({ code }: { code: string }, host: ArgumentsHost) => new Error(`${code} in ${host.getType()}`),
    };
    let injected: CoinflowAuthExceptionFilter;

    beforeEach(async () => {
      instances.clear();
      instances.set(instanceToken('authenticator'), { contexts: new Map([['rmq', 'skip']]) });
      instances.set(instanceToken('authenticator', 'eu'), { contexts: new Map([['graphql', adapter]]) });
      const providers = [undefined, 'eu'].flatMap((name) => [
        { provide: instanceToken('service', name), useValue: {} },
        {
          provide: instanceToken('authenticator', name),
          useValue: instances.get(instanceToken('authenticator', name)),
        },
      ]);
      const module = await Test.createTestingModule({
        providers: [...providers, CoinflowAuthExceptionFilter],
      }).compile();
      injected = module.get(CoinflowAuthExceptionFilter);
    });

    it('throws the exception of the adapter of the instance that has one', () => {
      expect(() => injected.catch(error, hostOf('graphql'))).toThrow('COINFLOW_SESSION_REJECTED in graphql');
    });

    it.each(['rmq', 'kafka'])(
      'throws the error again where every instance skips the context %s or has no adapter',
      (context) => {
        expect(() => injected.catch(error, hostOf(context))).toThrow(error);
      },
    );
  });
});
