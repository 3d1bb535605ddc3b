import { MAX_CLOCK_OFFSET_MS } from '../clock.js';
import { RETRY_AFTER_FORMS } from '../http-error.js';
import { FORMS, MAX_LIFETIME_SECONDS } from '../issuance.js';
import { MAX_DELAY_MS } from '../operations/canned-responses.js';
import { VERIFICATIONS } from '../operations/withdrawers.js';
import { MAX_LIMIT } from '../rate-limits.js';

const status = { type: 'integer', minimum: 200, maximum: 599 };
const text = { type: 'string', minLength: 1 };
const retryAfter = { enum: RETRY_AFTER_FORMS };
/** The headers that Node can send. Other values would cause a 500 later, when the fault occurs. */
const headers = {
  type: 'object',
  propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
  additionalProperties: { type: 'string', pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' },
};

function body(properties: object, rest: object = {}): object {
  return { type: 'object', additionalProperties: false, properties, ...rest };
}

/** The fields of each kind of fault, and the fields among them that are required. */
const FAULTS: Record<string, [fields: object, required?: string[]]> = {
  status: [{ status, headers, body: {} }, ['status']],
  html: [{ status }, ['status']],
  raw: [{ status, headers, body: { type: 'string' } }, ['status', 'body']],
  'non-json': [{ status }],
  truncated: [{ status }],
  ok: [{}],
  'rate-limited': [{ retryAfter, afterSeconds: { type: 'integer', minimum: 0, maximum: 86_400 } }],
  delay: [{ ms: { type: 'integer', minimum: 0, maximum: MAX_DELAY_MS } }, ['ms']],
  hang: [{}],
  reset: [{}],
};

const fault = {
  type: 'object',
  required: ['kind'],
  // Without it, the error of an unknown kind would not list the kinds.
  properties: { kind: { enum: Object.keys(FAULTS) } },
  discriminator: { propertyName: 'kind' },
  oneOf: Object.entries(FAULTS).map(([kind, [fields, required = []]]) =>
    body(
      { kind: { const: kind }, afterProcessing: { type: 'boolean' }, ...fields },
      { required: ['kind', ...required] },
    ),
  ),
};

/** The schemas of the bodies, by path below `/_emulator`. */
export const SCHEMAS = {
  faults: body(
    {
      // Checked when the fault is set: a list of all operations would make a long message.
      endpoint: { type: 'string' },
      times: { type: 'integer', minimum: 1 },
      fault,
    },
    { required: ['endpoint', 'fault'] },
  ),
  responses: body(
    {
      operation: { type: 'string' },
      times: { type: 'integer', minimum: 1 },
      status,
      headers,
      body: {},
      delayMs: { type: 'integer', minimum: 0, maximum: MAX_DELAY_MS },
    },
    { required: ['operation'] },
  ),
  withdrawers: body(
    { wallet: text, verification: { enum: VERIFICATIONS }, blockchain: text, email: text, country: text },
    { required: ['wallet'] },
  ),
  blocking: body({ endsSessions: { type: 'boolean' } }),
  clock: body(
    { offsetMs: { type: 'integer', minimum: -MAX_CLOCK_OFFSET_MS, maximum: MAX_CLOCK_OFFSET_MS } },
    { required: ['offsetMs'] },
  ),
  issuance: body({
    form: { enum: FORMS },
    lifetimeSeconds: { type: 'integer', minimum: 1, maximum: MAX_LIFETIME_SECONDS },
    claims: { type: 'object' },
  }),
  sessionKeys: body({ claims: { type: 'object' } }, { required: ['claims'] }),
  limits: body(
    {
      withKey: { type: 'integer', minimum: 0, maximum: MAX_LIMIT },
      withoutKey: { type: 'integer', minimum: 0, maximum: MAX_LIMIT },
      retryAfter,
    },
    { minProperties: 1 },
  ),
  nothing: body({}),
} as const;
