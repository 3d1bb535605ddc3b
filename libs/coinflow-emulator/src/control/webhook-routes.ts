import type { FastifyInstance } from 'fastify';
import type { EmulatorParts, EmulatorState } from '../emulator-parts.js';
import { refused } from '../refusal.js';
import { WEBHOOK_VERSIONS } from '../webhooks/sample-data.js';
import {
  ORDERS,
  TAMPERINGS,
  type EmulatorWebhookEvent,
  type EmulatorWebhookOrder,
  type EmulatorWebhookRegistration,
  type EmulatorWebhookSending,
} from '../webhooks/webhook-options.js';

const MAX_COPIES = 1_000;
const MAX_EVENTS = 1_000;

const headerValue = { type: 'string', pattern: '^[!-~]+$', maxLength: 256 };
const whole = (minimum: number, maximum: number): object => ({ type: 'integer', minimum, maximum });
const text = { type: 'string', minLength: 1 };

function body(properties: object, required: string[] = []): object {
  return { type: 'object', additionalProperties: false, properties, required };
}

const event = { eventType: text, category: text, created: { type: 'string' }, data: { type: 'object' } };
const sending = {
  endpoint: text,
  signAgain: { type: 'boolean' },
  newCreated: { type: 'boolean' },
  copies: whole(1, MAX_COPIES),
  key: headerValue,
  sign: { type: 'boolean' },
  signedAgoMs: whole(-1e12, 1e12),
  tampering: { enum: TAMPERINGS },
  attempts: whole(1, 100),
  retryAfterMs: whole(0, 60_000),
  timeoutMs: whole(1, 60_000),
};

const SCHEMAS = {
  endpoints: body(
    {
      url: text,
      key: headerValue,
      authorization: { type: 'boolean' },
      version: { enum: WEBHOOK_VERSIONS },
    },
    ['url'],
  ),
  send: body({ ...event, ...sending }, ['eventType']),
  sendAll: body(
    {
      events: { type: 'array', minItems: 1, maxItems: MAX_EVENTS, items: body(event, ['eventType']) },
      order: { enum: ORDERS },
      ...sending,
    },
    ['events'],
  ),
  nothing: body({}),
} as const;

/** Webhooks over HTTP. What sends answers once everything is acknowledged, or given up. */
export function webhookRoutes(scope: FastifyInstance, parts: EmulatorParts): void {
  function post<Body>(path: string, schema: object, act: (body: Body) => unknown): void {
    scope.post(`/webhooks/${path}`, { schema: { body: schema } }, async (request): Promise<EmulatorState> => {
      try {
        await act(request.body as Body);
      } catch (error) {
        throw error instanceof RangeError ? refused(400, error.message) : error;
      }
      return parts.state;
    });
  }

  const { webhooks } = parts;
  post<EmulatorWebhookRegistration>('endpoints', SCHEMAS.endpoints, (one) => webhooks.endpoints.register(one));
  post('endpoints/clear', SCHEMAS.nothing, () => webhooks.endpoints.clear());
  post<EmulatorWebhookEvent & EmulatorWebhookSending>(
    'send',
    SCHEMAS.send,
    ({ eventType, category, created, data, ...how }) => webhooks.send([{ eventType, category, created, data }], how),
  );
  post<{ events: EmulatorWebhookEvent[]; order?: EmulatorWebhookOrder } & EmulatorWebhookSending>(
    'send-all',
    SCHEMAS.sendAll,
    ({ events, order, ...how }) => webhooks.send(events, how, order),
  );
  post('cancel', SCHEMAS.nothing, () => webhooks.cancel());
}
