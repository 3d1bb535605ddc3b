import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/** The page loads files of this origin only, so injected code cannot run and injected markup cannot send data away. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

const COMMON = {
  // The sample serves plain HTTP. With HSTS the browser would no longer connect.
  strictTransportSecurity: false,
  // With `no-referrer`, some browsers send `Origin: null` for the page's own requests.
  referrerPolicy: { policy: 'same-origin' },
} as const;

const strict = helmet({ ...COMMON, contentSecurityPolicy: CONTENT_SECURITY_POLICY });
/** Swagger UI has inline scripts and styles. */
const forSwaggerUi = helmet({ ...COMMON, contentSecurityPolicy: false });

/** For `app.use()`, on Express and on Fastify. */
export function securityHeaders(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const headers = /^\/docs(?:[/?]|$)/.test(request.url ?? '') ? forSwaggerUi : strict;
  headers(request, response, next);
}
