import { EventEmitter } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { CoinflowSessionRevokedError, type CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { endConnection } from './session-sockets.js';

class FakeSocket extends EventEmitter {
  readyState = 1;
  readonly close = jest.fn();
}

/** A session that can end, and those who watch it. */
function watchable(): {
  watch: (callback: (reason: CoinflowAuthError) => void) => () => void;
  end: () => void;
  size: () => number;
} {
  const watching = new Set<(reason: CoinflowAuthError) => void>();
  return {
    watch: (callback) => {
      watching.add(callback);
      return () => void watching.delete(callback);
    },
    end: () => watching.forEach((callback) => callback(new CoinflowSessionRevokedError())),
    size: () => watching.size,
  };
}

describe('endConnection', () => {
  it('closes the socket with 4401 and the code when the session ends', () => {
    const socket = new FakeSocket();
    const { watch, end } = watchable();
    endConnection(socket, watch, 'session');
    expect(socket.close).not.toHaveBeenCalled();
    end();
    expect(socket.close.mock.calls).toEqual([[4401, 'COINFLOW_SESSION_REVOKED']]);
  });

  it('watches a session once for each socket, and two sessions of one socket both', () => {
    const sockets = [new FakeSocket(), new FakeSocket()];
    const { watch, size } = watchable();
    for (const socket of sockets) {
      for (const id of ['one', 'other', 'one', 'one']) endConnection(socket, watch, id);
      expect(socket.listenerCount('close')).toBe(1);
    }
    expect(size()).toBe(4);
    sockets[0]?.emit('close');
    expect(size()).toBe(2);
  });

  it('does not watch for a socket that has been closed while the key was verified', () => {
    const socket = new FakeSocket();
    socket.readyState = 3;
    const { watch, size } = watchable();
    endConnection(socket, watch, 'session');
    expect(size()).toBe(0);
    expect(socket.listenerCount('close')).toBe(0);
  });

  it('closes the socket of a session that has ended meanwhile', () => {
    const socket = new FakeSocket();
    endConnection(
      socket,
      (callback) => {
        callback(new CoinflowSessionRevokedError());
        return () => undefined;
      },
      'session',
    );
    expect(socket.close).toHaveBeenCalledTimes(1);
  });
});
