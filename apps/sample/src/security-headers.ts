import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/** Everything that the page has comes from here, as a file: what is injected into it neither runs nor gets anything out. */
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
  // The sample speaks plain HTTP: a browser that was told otherwise would not find it again.
  strictTransportSecurity: false,
  // Not `no-referrer`: some browsers then say `Origin: null` of the page's own requests, too.
  referrerPolicy: { policy: 'same-origin' },
} as const;

const strict = helmet({ ...COMMON, contentSecurityPolicy: CONTENT_SECURITY_POLICY });
/** Swagger UI has its script and styles in the document. */
const forSwaggerUi = helmet({ ...COMMON, contentSecurityPolicy: false });

/** For `app.use()`, on Express and on Fastify. */
export function securityHeaders(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const headers = /^\/docs(?:[/?]|$)/.test(request.url ?? '') ? forSwaggerUi : strict;
  headers(request, response, next);
}
