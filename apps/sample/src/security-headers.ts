import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const COMMON = {
  // The sample serves plain HTTP. With HSTS the browser would no longer connect.
  strictTransportSecurity: false,
  // With `no-referrer`, some browsers send `Origin: null` for the page's own requests.
  referrerPolicy: { policy: 'same-origin' },
} as const;

/**
 * For `app.use()`, on Express and on Fastify.
 * @param challengeOrigin the origin of the 3-D Secure challenges, which the page shows in a frame; none without the emulator
 */
export function securityHeaders(challengeOrigin: string | undefined): Middleware {
  const strict = helmet({ ...COMMON, contentSecurityPolicy: contentSecurityPolicy(challengeOrigin ?? "'none'") });
  // Swagger UI has inline scripts and styles.
  const forSwaggerUi = helmet({ ...COMMON, contentSecurityPolicy: false });
  return (request, response, next) => {
    const headers = /^\/docs(?:[/?]|$)/.test(request.url ?? '') ? forSwaggerUi : strict;
    headers(request, response, next);
  };
}

/** The page loads files of this origin only, so injected code cannot run and injected markup cannot send data away. */
function contentSecurityPolicy(challenge: string): HelmetOptions['contentSecurityPolicy'] {
  return {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      // With a real bank, `https:`: its page can have any origin.
      frameSrc: [challenge],
      formAction: [challenge],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  };
}
