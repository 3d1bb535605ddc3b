import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyPluginCallback, FastifyReply } from 'fastify';
import type { EmulatorParts } from '../emulator-parts.js';
import type { Challenge } from './challenges.js';

export const CHALLENGE_PATH = '/challenge';

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { display: grid; place-items: center; min-height: 100vh; margin: 0; }
  main { width: min(22rem, 100% - 2rem); text-align: center; }
  h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
  p { margin: 0 0 1.25rem; opacity: .75; }
  .amount { font-size: 2rem; font-weight: 600; opacity: 1; }
  form { display: grid; gap: .75rem; }
  button { font: inherit; padding: .7rem; border: 1px solid #8888; border-radius: .5rem; cursor: pointer; background: none; }
  button[value=approved] { background: #1554d1; border-color: #1554d1; color: #fff; }
  button:focus-visible { outline: 3px solid #7aa7ff; outline-offset: 2px; }
`;

/** What the page that shows the challenge receives. Coinflow documents the first; the second is the emulator's own. */
const MESSAGES = { approved: 'challenge_success', failed: 'challenge_failure' } as const;

const scriptFor = (result: keyof typeof MESSAGES): string => `window.parent.postMessage('${MESSAGES[result]}', '*');`;

/** Scripts and styles only by hash. Every page may show the challenge in a frame, as merchants do. */
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(scriptFor('approved'))} ${hashOf(scriptFor('failed'))}`,
  "form-action 'self'",
  "base-uri 'none'",
  'frame-ancestors *',
].join('; ');

/** The page of a bank, on which a user approves a payment. Merchants post `creq` to it from a frame. */
export function challengePage(server: FastifyInstance, { challenges }: EmulatorParts): void {
  const routes: FastifyPluginCallback = (scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, parsed) =>
      parsed(null, new URLSearchParams(body as string)),
    );
    scope.post<{ Body: URLSearchParams | undefined }>(CHALLENGE_PATH, ({ body }, reply) => {
      const challenge = challenges.findByCreq(body?.get('creq') ?? null);
      if (!challenge) return page(reply.status(404), 'Unknown challenge', '<p>Start the checkout again.</p>');
      const result = body?.get('result');
      if (result === 'approved' || result === 'failed') challenge.result = result;
      return challenge.result === 'pending' ? question(reply, challenge) : answer(reply, challenge.result);
    });
    done();
  };
  // Fastify searches all loaded modules for the name of an unnamed plugin, which is slow in a test runner.
  server.register(Object.assign(routes, { [Symbol.for('fastify.display-name')]: 'challenge' }));
}

function question(reply: FastifyReply, { creq, cents, currency, token }: Challenge): FastifyReply {
  const amount = `${(cents / 100).toFixed(2)} ${currency}`;
  return page(
    reply,
    'Approve this payment?',
    `<p>Test bank of the Coinflow emulator, card ending in ${token.slice(-4)}</p>
<p class="amount">${amount}</p>
<form method="post" action="${CHALLENGE_PATH}">
<input type="hidden" name="creq" value="${creq}">
<button name="result" value="approved">Approve</button>
<button name="result" value="failed">Fail</button>
</form>`,
  );
}

function answer(reply: FastifyReply, result: keyof typeof MESSAGES): FastifyReply {
  const title = result === 'approved' ? 'Payment approved' : 'Authentication failed';
  return page(reply, title, `<p>You can close this page.</p><script>${scriptFor(result)}</script>`);
}

function page(reply: FastifyReply, title: string, content: string): FastifyReply {
  return reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
    'cache-control': 'no-store',
  }).send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>`);
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
