import { Controller, Get, Header, Headers } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>A merchant with Coinflow sessions</title>
    <style>
      :root { color-scheme: light dark; }
      body { font: 1rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
      code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
      pre { padding: 1rem; overflow-x: auto; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 0.5rem; }
      td { padding: 0.2rem 1.5rem 0.2rem 0; vertical-align: top; }
      td:first-child { white-space: nowrap; }
    </style>
  </head>
  <body>
    <h1>A merchant with Coinflow sessions</h1>
    <p>
      This merchant logs its users in, obtains a Coinflow session key for each, and decides about every request that
      carries one. Try it in <a href="docs">Swagger UI</a>, or from a terminal:
    </p>
    <pre><code>ORIGIN=http://$HOST
TOKEN=$(curl -s $ORIGIN/auth/login -H 'content-type: application/json' \\
  -d '{"username":"alice","password":"alice-demo"}' | sed 's/.*:"\\(.*\\)".*/\\1/')
KEY=$(curl -s $ORIGIN/coinflow/session-key -H "authorization: Bearer $TOKEN" | sed 's/.*"key":"\\([^"]*\\).*/\\1/')
curl -i $ORIGIN/me -H "x-coinflow-auth-session-key: $KEY"</code></pre>
    <table>
      <tr><td><code>POST /auth/login</code></td><td>the merchant’s own login: alice / alice-demo, bob / bob-demo</td></tr>
      <tr><td><code>GET /coinflow/session-key</code></td><td>the session key of whoever has logged in</td></tr>
      <tr><td><code>POST /coinflow/wallet/message</code></td><td>what a wallet signs to log in</td></tr>
      <tr><td><code>POST /coinflow/wallet/session-key</code></td><td>the session key of a wallet that has signed it</td></tr>
      <tr><td><a href="me"><code>GET /me</code></a></td><td>needs a session key</td></tr>
      <tr><td><a href="catalog"><code>GET /catalog</code></a></td><td>for everybody; cheaper with a session key</td></tr>
      <tr><td><code>POST /payouts</code></td><td>needs one that Coinflow has confirmed this very moment</td></tr>
      <tr><td><code>POST /webhooks/coinflow</code></td><td>for Coinflow, where a key for its signatures is set</td></tr>
      <tr><td><code>POST /auth/logout</code></td><td>ends the session whose key it is sent with</td></tr>
      <tr><td><a href="health"><code>GET /health</code></a></td><td>how Coinflow looks from here</td></tr>
      <tr><td><a href="coinflow/metrics"><code>GET /coinflow/metrics</code></a></td><td>what became of requests (from this machine only)</td></tr>
    </table>
  </body>
</html>
`;

@ApiExcludeController()
@Controller()
export class HomeController {
  /** What there is, and how to try it. */
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('X-Content-Type-Options', 'nosniff')
  page(@Headers('host') host = ''): string {
    // A host name only: the header is the client's, and the page must not become its script.
    return PAGE.replace('$HOST', /^[\w.:[\]-]+$/.test(host) ? host : 'localhost:3000');
  }
}
