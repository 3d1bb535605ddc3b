import type { FastifyInstance } from 'fastify';
import type { EmulatorEndpoint, EmulatorFault } from './faults.js';
import { findOperation, methodsOf, type MatchedOperation } from './operations/operation-paths.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: EmulatorEndpoint;
    /** Whether the route serves every operation. */
    operations?: boolean;
  }
  interface FastifyRequest {
    /** The endpoint or operation; `undefined` if the path is unknown. */
    endpoint?: EmulatorEndpoint;
    matched?: MatchedOperation;
    /** The fault that happens after processing. */
    lateFault?: EmulatorFault;
  }
}

const PREFIX = '/api';

/** Finds the endpoint or operation of each request before any other hook needs it. */
export function lookUpEndpoints(server: FastifyInstance): void {
  server.decorateRequest('endpoint', undefined);
  server.decorateRequest('matched', undefined);
  server.decorateRequest('lateFault', undefined);
  server.addHook('onRequest', (request, _reply, done) => {
    const { endpoint, operations } = request.routeOptions.config;
    if (operations) request.matched = findOperation(request.method, operationPath(request.url));
    request.endpoint = endpoint ?? request.matched?.operation;
    done();
  });
}

/** The methods of the operations at a URL. */
export function operationMethods(url: string): string[] {
  return methodsOf(operationPath(url));
}

function operationPath(url: string): string {
  const [path = ''] = url.split('?');
  return path.slice(PREFIX.length);
}
