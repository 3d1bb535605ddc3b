import type { FastifyInstance } from 'fastify';
import type { EmulatorParts, EmulatorState } from '../emulator-parts.js';
import { httpError } from '../http-error.js';
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

const RETRIES =
  'The emulator retries until the response is 200: see webhooks.attempts in GET /_emulator/state. ' +
  'POST /_emulator/webhooks/cancel ends the retries.';

/** The result of the first attempts of an event. */
interface Sent {
  acknowledged: boolean;
  /** How to see the retries; `null` if there are none. */
  retries: string | null;
}

/** The webhook part of the control API. `send` responds after the first attempt, `send-all` after the last. */
export function webhookRoutes(scope: FastifyInstance, parts: EmulatorParts): void {
  function post<Body>(path: string, schema: object, act: (body: Body) => Promise<Sent | void> | void): void {
    scope.post(
      `/webhooks/${path}`,
      { schema: { body: schema } },
      async (request): Promise<EmulatorState & { sent?: Sent }> => {
        try {
          const sent = await act(request.body as Body);
          return { ...(sent && { sent }), ...parts.state };
        } catch (error) {
          throw error instanceof RangeError ? httpError(400, error.message) : error;
        }
      },
    );
  }

  const { webhooks } = parts;
  post<EmulatorWebhookRegistration>('endpoints', SCHEMAS.endpoints, (one) => {
    webhooks.endpoints.register(one);
  });
  post('endpoints/clear', SCHEMAS.nothing, () => webhooks.endpoints.clear());
  post<EmulatorWebhookEvent & EmulatorWebhookSending>(
    'send',
    SCHEMAS.send,
    async ({ eventType, category, created, data, ...how }) => {
      const { acknowledged, isRetried } = await webhooks.sendFirst({ eventType, category, created, data }, how);
      return { acknowledged, retries: isRetried ? RETRIES : null };
    },
  );
  post<{ events: EmulatorWebhookEvent[]; order?: EmulatorWebhookOrder } & EmulatorWebhookSending>(
    'send-all',
    SCHEMAS.sendAll,
    async ({ events, order, ...how }) => {
      await webhooks.send(events, how, order);
    },
  );
  post('cancel', SCHEMAS.nothing, () => webhooks.cancel());
}
