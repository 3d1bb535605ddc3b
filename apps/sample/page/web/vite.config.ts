import { defineConfig, type ProxyOptions } from 'vite';

/** The URL of the sample. `npm run dev` sets it. */
const sample = process.env.SAMPLE_URL || 'http://127.0.0.1:3000';
const ROUTES = ['auth', 'coinflow', 'me', 'catalog', 'checkout', 'payouts', 'demo', 'docs', 'health', 'webhooks'];

/** Sends requests as a page of the sample would: its demo routes accept requests of their own origin at a loopback address only. */
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
    // The Content Security Policy of the page allows no inline scripts, styles or data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome111', 'firefox115', 'safari16.4'],
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(ROUTES.map((route) => [`^/${route}(?:[/?]|$)`, toSample])),
  },
});
