import { describeErrors } from './openapi.js';

// Where `@nestjs/swagger` keeps what its own decorators say. Written directly: the package need not be installed.
const API_RESPONSE = 'swagger/apiResponse';
const API_PARAMETERS = 'swagger/apiParameters';

/** Every response of a webhook route, by status, with its codes. */
const RESPONSES: Record<string, { description: string; schema?: object }> = {
  200: { description: 'The event is handled, or was before' },
  ...describeErrors((error) => 'webhook' in error),
  500: {
    description: 'A handler has failed: send the event again',
    schema: {
      type: 'object',
      required: ['statusCode', 'message'],
      properties: { statusCode: { type: 'integer', example: 500 }, message: { type: 'string' } },
    },
  },
};

const SIGNATURE_HEADER = {
  in: 'header',
  name: 'Coinflow-Signature',
  required: false,
  schema: { type: 'string', example: 't=1717012345,v1=...' },
  description: 'HMAC-SHA256 over the time and the raw body',
};

const BODY = {
  in: 'body',
  type: String,
  required: true,
  schema: {
    type: 'object',
    required: ['eventType', 'category', 'created', 'data'],
    properties: {
      eventType: { type: 'string', example: 'Settled' },
      category: { type: 'string', example: 'Purchase' },
      created: { type: 'string' },
      data: { type: 'object' },
    },
  },
};

/** Says in the OpenAPI document what a webhook route takes and answers. What the user has said stays. */
export function documentWebhook(handler: object): void {
  const responses = (Reflect.getMetadata(API_RESPONSE, handler) ?? {}) as object;
  Reflect.defineMetadata(API_RESPONSE, { ...RESPONSES, ...responses }, handler);
  const parameters = (Reflect.getMetadata(API_PARAMETERS, handler) ?? []) as object[];
  Reflect.defineMetadata(API_PARAMETERS, [...parameters, SIGNATURE_HEADER, BODY], handler);
}
