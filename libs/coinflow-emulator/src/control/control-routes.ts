import { Ajv } from 'ajv';
import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifySchemaCompiler,
  FastifySchemaValidationError,
} from 'fastify';
import type { EmulatorControl } from '../emulator-options.js';
import type { EmulatorParts, EmulatorState } from '../emulator-parts.js';
import type { EmulatorEndpoint, EmulatorFault } from '../faults.js';
import type { EmulatorIssuance } from '../issuance.js';
import type { EmulatorBlocking } from '../operations/blocks.js';
import type { EmulatorWithdrawer } from '../operations/withdrawers.js';
import type { EmulatorOperation } from '../operations/operations.js';
import type { EmulatorResponse } from '../responses.js';
import type { EmulatorLimits } from '../rate-limits.js';
import { httpError } from '../http-error.js';
import type { SessionKeyClaims } from '../session-keys.js';
import { rejectControl } from './control-access.js';
import { SCHEMAS } from './control-schemas.js';
import { webhookRoutes } from './webhook-routes.js';

const PREFIX = '/_emulator';

interface Access {
  control: EmulatorControl;
  /** The host and the allowed host names, in lower case. */
  names: readonly string[];
}

/** The control API, for tests in any language: `GET /_emulator/state`, and `POST` routes that return the state. */
export function controlRoutes(server: FastifyInstance, parts: EmulatorParts, { control, names }: Access): void {
  if (control === 'off') return;
  const routes: FastifyPluginCallback = (scope, _options, done) => {
    scope.addHook('onRequest', (request, _reply, done) => done(rejectControl(request, control, names)));
    acceptOnlyJson(scope);
    scope.setValidatorCompiler(compileLazily);
    scope.get('/state', () => parts.state);
    posts(scope, parts);
    sessionKeys(scope, parts);
    webhookRoutes(scope, parts);
    done();
  };
  // Fastify searches all loaded modules for the name of an unnamed plugin, which is slow in a test runner.
  server.register(Object.assign(routes, { [Symbol.for('fastify.display-name')]: 'control' }), { prefix: PREFIX });
}

function posts(scope: FastifyInstance, parts: EmulatorParts): void {
  /** Adds one route. The schema guarantees that the body is a `Body`. */
  function post<Body>(path: string, schema: object, act: (body: Body) => void): void {
    scope.post(`/${path}`, { schema: { body: schema } }, (request): EmulatorState => {
      try {
        act(request.body as Body);
      } catch (error) {
        throw error instanceof RangeError ? httpError(400, error.message) : error;
      }
      return parts.state;
    });
  }

  post<{ endpoint: EmulatorEndpoint; fault: EmulatorFault; times?: number }>(
    'faults',
    SCHEMAS.faults,
    ({ endpoint, fault, times = Infinity }) => parts.faults.set(endpoint, fault, times),
  );
  post<{ operation: EmulatorOperation; times?: number } & EmulatorResponse>(
    'responses',
    SCHEMAS.responses,
    ({ operation, times = Infinity, ...response }) => parts.responses.set(operation, response, times),
  );
  post<EmulatorWithdrawer>('withdrawers', SCHEMAS.withdrawers, (withdrawer) => parts.withdrawers.set(withdrawer));
  post<Partial<EmulatorBlocking>>('blocking', SCHEMAS.blocking, (settings) => parts.blocks.set(settings));
  post('responses/clear', SCHEMAS.nothing, () => parts.responses.clear());
  post('heal', SCHEMAS.nothing, () => parts.faults.clear());
  post<{ offsetMs: number }>('clock', SCHEMAS.clock, ({ offsetMs }) => parts.clock.setOffset(offsetMs));
  post<Partial<EmulatorIssuance>>('issuance', SCHEMAS.issuance, (settings) => parts.issuance.set(settings));
  post<Partial<EmulatorLimits>>('limits', SCHEMAS.limits, (limits) => parts.limits.set(limits));
  post('calls/clear', SCHEMAS.nothing, () => parts.log.clear());
  post('reset', SCHEMAS.nothing, () => parts.reset());
}

/** Returns a session key and not the state: the key is a secret that belongs to this client only. */
function sessionKeys(scope: FastifyInstance, { issuance }: EmulatorParts): void {
  scope.post<{ Body: { claims: SessionKeyClaims } }>(
    '/session-keys',
    { schema: { body: SCHEMAS.sessionKeys } },
    ({ body }): { key: string } => ({ key: issuance.sign(withoutNull(body.claims)) }),
  );
}

/** JSON has no `undefined`, so `null` removes a claim. */
function withoutNull(claims: SessionKeyClaims): SessionKeyClaims {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, value ?? undefined]));
}

/** Never coerces or removes fields, unlike Fastify's own validator: a typing mistake in a body must be an error. */
const ajv = new Ajv({ discriminator: true });

/**
 * Compiles a schema when the first body for it arrives, and once for all emulators of a process. Fastify compiles every
 * schema at each start, which takes longer than the rest of the start.
 */
const compileLazily: FastifySchemaCompiler<object> = ({ schema }) => {
  const validate: ReturnType<FastifySchemaCompiler<object>> = (body) => {
    const compiled = ajv.compile(schema);
    const isValid = compiled(body);
    validate.errors = compiled.errors;
    return isValid;
  };
  return validate;
};

/** Accepts an empty body as an empty object, for routes such as `heal` and `reset`. */
function acceptOnlyJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text.length > 0) void parse(request, text as string, done);
    else done(null, {});
  });
  scope.setSchemaErrorFormatter((errors) => httpError(400, errors.map(explain).join('; ')));
}

/** Names the invalid part of the body and the rule. */
function explain({ instancePath, message, params }: FastifySchemaValidationError): string {
  const names = [params.additionalProperty, params.allowedValues].flat() as (string | undefined)[];
  const hint = names.filter(Boolean).join(', ');
  return `body${instancePath} ${message}${hint && `: ${hint}`}`;
}
