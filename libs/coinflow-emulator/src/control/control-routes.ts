import type { FastifyInstance, FastifyPluginCallback, FastifySchemaValidationError } from 'fastify';
import type { EmulatorControl } from '../emulator-options.js';
import type { EmulatorParts, EmulatorState } from '../emulator-parts.js';
import type { EmulatorEndpoint, EmulatorFault } from '../faults.js';
import type { EmulatorIssuance } from '../issuance.js';
import type { EmulatorLimits } from '../rate-limits.js';
import { refused } from '../refusal.js';
import type { SessionKeyClaims } from '../session-keys.js';
import { validatorOf } from './body-validator.js';
import { whyNotControl } from './control-access.js';
import { SCHEMAS } from './control-schemas.js';
import { webhookRoutes } from './webhook-routes.js';

const PREFIX = '/_emulator';

interface Access {
  control: EmulatorControl;
  /** The host names that the emulator was given, in lower case. */
  names: readonly string[];
}

/** The emulator's screws over HTTP, for tests in other languages: `GET /_emulator/state`, and `POST`s that answer with the state. */
export function controlRoutes(server: FastifyInstance, parts: EmulatorParts, { control, names }: Access): void {
  if (control === 'off') return;
  const routes: FastifyPluginCallback = (scope, _options, done) => {
    scope.addHook('onRequest', (request, _reply, done) => done(whyNotControl(request, control, names)));
    acceptOnlyJson(scope);
    scope.setValidatorCompiler(validatorOf);
    scope.get('/state', () => parts.state);
    posts(scope, parts);
    sessionKeys(scope, parts);
    webhookRoutes(scope, parts);
    done();
  };
  // A plugin without a name is looked up among all loaded modules, which is slow in a test runner.
  server.register(Object.assign(routes, { [Symbol.for('fastify.display-name')]: 'control' }), { prefix: PREFIX });
}

function posts(scope: FastifyInstance, parts: EmulatorParts): void {
  /** One thing that can be posted; the schema has made sure that the body is a `Body`. */
  function post<Body>(path: string, schema: object, act: (body: Body) => void): void {
    scope.post(`/${path}`, { schema: { body: schema } }, (request): EmulatorState => {
      act(request.body as Body);
      return parts.state;
    });
  }

  post<{ endpoint: EmulatorEndpoint; fault: EmulatorFault; times?: number }>(
    'faults',
    SCHEMAS.faults,
    ({ endpoint, fault, times = Infinity }) => parts.faults.set(endpoint, fault, times),
  );
  post('heal', SCHEMAS.nothing, () => parts.faults.clear());
  post<{ offsetMs: number }>('clock', SCHEMAS.clock, ({ offsetMs }) => parts.clock.setOffset(offsetMs));
  post<Partial<EmulatorIssuance>>('issuance', SCHEMAS.issuance, (settings) => parts.issuance.set(settings));
  post<Partial<EmulatorLimits>>('limits', SCHEMAS.limits, (limits) => parts.limits.set(limits));
  post('calls/clear', SCHEMAS.nothing, () => parts.log.clear());
  post('reset', SCHEMAS.nothing, () => parts.reset());
}

/** The one post that answers with something else than the state: a key is a secret, and shown to who asked for it only. */
function sessionKeys(scope: FastifyInstance, { issuance }: EmulatorParts): void {
  scope.post<{ Body: { claims: SessionKeyClaims } }>(
    '/session-keys',
    { schema: { body: SCHEMAS.sessionKeys } },
    ({ body }): { key: string } => ({ key: issuance.sign(withoutNull(body.claims)) }),
  );
}

/** JSON has no `undefined` to leave a claim out with. */
function withoutNull(claims: SessionKeyClaims): SessionKeyClaims {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, value ?? undefined]));
}

/** A body that is not there is an empty object: `heal` and `reset` have nothing to say. */
function acceptOnlyJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text.length > 0) void parse(request, text as string, done);
    else done(null, {});
  });
  scope.setSchemaErrorFormatter((errors) => refused(400, errors.map(explain).join('; ')));
}

/** Which part of the body is wrong, and what it should be. */
function explain({ instancePath, message, params }: FastifySchemaValidationError): string {
  const names = [params.additionalProperty, params.allowedValues].flat() as (string | undefined)[];
  const hint = names.filter(Boolean).join(', ');
  return `body${instancePath} ${message}${hint && `: ${hint}`}`;
}
