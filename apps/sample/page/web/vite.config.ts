import { defineConfig, type ProxyOptions } from 'vite';

/** Where the sample listens; `npm run dev` sets it. */
const sample = process.env.SAMPLE_URL || 'http://127.0.0.1:3000';
const ROUTES = ['auth', 'coinflow', 'me', 'catalog', 'payouts', 'demo', 'docs', 'health', 'webhooks'];

/** As the browser would ask the sample itself: it lets only pages of its own origin, by a loopback name, at its switches. */
const toSample: ProxyOptions = {
  target: sample,
  changeOrigin: true,
  xfwd: false,
  configure: (proxy) => {
    proxy.on('proxyReq', (request) => {
      if (request.hasHeader('origin')) request.setHeader('origin', new URL(sample).origin);
      request.removeHeader('referer');
    });
  },
};

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../../../../dist/apps/sample/web',
    emptyOutDir: true,
    // Everything is a file of its own: the page allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome111', 'firefox115', 'safari16.4'],
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(ROUTES.map((route) => [`^/${route}(?:[/?]|$)`, toSample])),
  },
});
