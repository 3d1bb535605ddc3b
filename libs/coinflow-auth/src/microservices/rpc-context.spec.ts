import { describe, expect, it } from '@jest/globals';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { EventPattern, MessagePattern, RpcException } from '@nestjs/microservices';
import { DroppedEvent } from '../contexts/dropped-event.js';
import {
  CoinflowBudgetExhaustedError,
  CoinflowMisconfiguredError,
  CoinflowSessionKeyMissingError,
  CoinflowSubjectNotAllowedError,
  CoinflowTooManyRequestsError,
  CoinflowUnavailableError,
} from '../errors/coinflow-auth.errors.js';
import { rpcContext, type RpcContextOptions } from './rpc-context.js';

class Orders {
  @MessagePattern('request')
  request(data: unknown): unknown {
    return data;
  }

  @EventPattern('event')
  event(data: unknown): unknown {
    return data;
  }
}

const { request, event } = Orders.prototype;
const message = { data: { key: 'key in data' }, context: { topic: 'orders' } };

function callOf(
  handler: (data: unknown) => unknown,
  args: unknown[] = [message.data, message.context],
): ExecutionContextHost {
  return new ExecutionContextHost(args, Orders, handler);
}

/** An adapter in JavaScript, where sessionKeyOf may return anything. */
function adapterFor(
  sessionKeyOf: (data: { key: string }, context: { topic: string }) => unknown,
): ReturnType<typeof rpcContext> {
  return rpcContext({ sessionKeyOf: sessionKeyOf as RpcContextOptions['sessionKeyOf'] });
}

const details = { reason: 'reason', retryAfterMs: 1_000 };

describe('rpcContext', () => {
  it('calls sessionKeyOf with the data and the context of the message, which carries the session', () => {
    const found = adapterFor(({ key }, { topic }) => `${key} ${topic}`).find(callOf(request));
    expect(found).toEqual({
      request: { headers: {}, ...message },
      sessionKey: 'key in data orders',
      carrier: message.context,
    });
    expect(found.carrier).toBe(message.context);
  });

  it.each([[undefined], [null], ['']])('finds no key where sessionKeyOf returns %j', (key) => {
    expect(adapterFor(() => key).find(callOf(request)).sessionKey).toBe('');
  });

  it.each<[problem: string, returned: () => unknown, args: unknown[], reason: string]>([
    ['a promise', () => Promise.resolve('key'), [{}, {}], 'session-key-of-async'],
    ['an exception', (): unknown => JSON.parse('secret'), [{}, {}], 'session-key-of-throws'],
    ['no context of the transport', () => 'key', [{}], 'context-invalid'],
    ['a context that is a text', () => 'key', [{}, 'orders'], 'context-invalid'],
  ])('throws COINFLOW_MISCONFIGURED for %s', (_, returned, args, reason) => {
    const find = (): unknown => adapterFor(returned).find(callOf(request, args));
    const message = expect.not.stringContaining('secret') as unknown;
    expect(find).toThrow(expect.objectContaining({ code: 'COINFLOW_MISCONFIGURED', reason, message }));
  });

  it.each([
    [new CoinflowSessionKeyMissingError(), true],
    [new CoinflowSubjectNotAllowedError('A wallet is required', details), true],
    [new CoinflowTooManyRequestsError('Too many calls', details), false],
    [new CoinflowMisconfiguredError('Wrong API key', details), false],
    [new CoinflowUnavailableError('Coinflow is down', details), false],
    [new CoinflowBudgetExhaustedError('No call is left', details), false],
  ])('answers a request with an RpcException, and drops an event for good: %s', (error, isDropped) => {
    const adapter = adapterFor(() => undefined);
    const answer = adapter.toException(error, callOf(request));
    expect(answer).toBeInstanceOf(RpcException);
    expect((answer as RpcException).getError()).toEqual({
      status: 'error',
      code: error.code,
      message: expect.not.stringContaining(error.message),
    });
    const thrown = adapter.toException(error, callOf(event));
    expect(thrown).toBeInstanceOf(isDropped ? DroppedEvent : RpcException);
    if (isDropped) expect(thrown).toMatchObject({ code: error.code, handler: 'Orders.event' });
    // A filter has no handler: the error is one that the handler itself has thrown.
    expect(adapter.toException(error, new ExecutionContextHost([{}, {}]))).toBeInstanceOf(RpcException);
  });
});
