// What a webhook costs: our verification beside Stripe's, which signs by the same scheme.
//   node scripts/build.mjs && node bench/webhooks.mjs
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { performance } from 'node:perf_hooks';
import { Stripe } from 'stripe';
import { signWebhook, verifyWebhookSignature } from '../dist/apps/sample/libs/coinflow-auth/src/index.js';

const KEY = 'whsec_0123456789abcdef0123456789abcdef';
const ROUNDS = 7;

const event = (bytes) =>
  JSON.stringify({
    eventType: 'Settled',
    category: 'Purchase',
    created: '2026-01-01T00:00:00.000Z',
    data: { id: 'payment-1', customerId: 'alice', subtotal: { cents: 1_500 }, fill: 'x'.repeat(bytes) },
  });

/** Microseconds a call: the median of several rounds, so that one in which the machine was busy does not count. */
function measure(call) {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const startedAt = performance.now();
    let calls = 0;
    while (performance.now() - startedAt < 300) for (let i = 0; i < 50; i += 1, calls += 1) call();
    return ((performance.now() - startedAt) * 1_000) / calls;
  });
  // The first round warms up.
  return rounds.slice(1).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
}

const rows = [300, 1_500, 20_000, 500_000].map((bytes) => {
  const rawBody = Buffer.from(event(bytes));
  const header = signWebhook({ rawBody, keys: KEY });
  const headers = { 'content-type': 'application/json', host: 'example.com', 'coinflow-signature': header };
  const ours = measure(() => {
    verifyWebhookSignature({ rawBody, headers, keys: KEY });
    JSON.parse(rawBody.toString());
  });
  const twoKeys = measure(() => {
    verifyWebhookSignature({ rawBody, headers, keys: ['another-key', KEY] });
    JSON.parse(rawBody.toString());
  });
  const stripes = measure(() => Stripe.webhooks.constructEvent(rawBody, header, KEY));
  return {
    'body, bytes': rawBody.length,
    'ours, µs': round(ours),
    'two keys, µs': round(twoKeys),
    'stripe, µs': round(stripes),
  };
});

process.stdout.write(`Verify and parse one delivery, Node ${process.version}\n`);
console.table(rows);

function round(number) {
  return Math.round(number * 10) / 10;
}
