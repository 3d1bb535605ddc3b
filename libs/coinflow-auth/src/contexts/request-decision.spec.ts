import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/internal';
import fc from 'fast-check';
import { asUser } from '../testing/create-test-session.js';
import { findDecision, readDecision, writeDecision } from './request-decision.js';

class Controller {}
class OtherController {}

const handlers = [(): void => undefined, (): void => undefined, (): void => undefined];

function call(carrier: object, handler = handlers[0], controller: new () => object = Controller): ExecutionContext {
  return new ExecutionContextHost([carrier, 'data', undefined, null], controller, handler);
}

const request = { headers: {} };
const guard = { loadUser: () => Promise.resolve(undefined) };

describe('the decision about a call', () => {
  it('is read by the guards of the same call, and not by those of the next call of the handler', () => {
    const carrier = {};
    const context = call(carrier);
    const session = asUser('alice');
    writeDecision({ request, carrier }, context, guard, session);
    expect(readDecision({ request, carrier }, context)).toMatchObject({ guard, session });
    expect(readDecision({ request, carrier }, call(carrier))).toBeUndefined();
    expect(findDecision(call(carrier))?.session).toBe(session);
  });

  it('is found for its own handler and controller only', () => {
    const carrier = {};
    writeDecision({ request, carrier }, call(carrier), guard, asUser('alice'));
    expect(findDecision(call(carrier, handlers[1]))).toBeUndefined();
    expect(findDecision(call(carrier, handlers[0], OtherController))).toBeUndefined();
    expect(findDecision(call({}))).toBeUndefined();
  });

  it('is kept on the request without a carrier', () => {
    const own = { headers: {} };
    writeDecision({ request: own }, call(own), guard, undefined);
    expect(findDecision(call(own))).toMatchObject({ session: undefined });
  });

  it('is the latest one for each handler, whatever handlers have run for the carrier', () => {
    const step = fc.record({
      handler: fc.nat(2),
      controller: fc.constantFrom(Controller, OtherController),
      user: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const carrier = {};
        const latest = new Map<string, string>();
        for (const { handler, controller, user } of steps) {
          writeDecision({ request, carrier }, call(carrier, handlers[handler], controller), guard, asUser(user));
          latest.set(`${handler} ${controller.name}`, user);
        }
        for (const handler of [0, 1, 2]) {
          for (const controller of [Controller, OtherController]) {
            const subject = findDecision(call(carrier, handlers[handler], controller))?.session?.subject;
            const user = latest.get(`${handler} ${controller.name}`);
            expect(subject).toEqual(user === undefined ? undefined : { kind: 'user', userId: user });
          }
        }
      }),
    );
  });
});
