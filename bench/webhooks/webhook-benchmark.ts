// The time of one webhook delivery before the handler, compared with the library of Stripe, which has the same scheme.
import { signWebhook, verifyWebhookSignature } from 'nestjs-coinflow-auth';
import { Stripe } from 'stripe';
import { timeBatches, type Case } from '../measuring/batches.js';
import type { Report } from '../measuring/report.js';
import { ratios, spreadOf } from '../measuring/statistics.js';
import { tellParent } from '../measuring/subprocess.js';

const KEY = 'a-webhook-validation-key';
const SIZES = [300, 1_500, 20_000, 500_000];
/** Smaller batches for long bodies, so that all batches take the same time. */
const BYTES_IN_BATCH = 1_000_000;
const NS_PER_US = 1_000;
const batches = process.argv.includes('quick') ? 20 : 100;

/** Verifies the signature, then parses the body. */
function cases(rawBody: Buffer): Case<Buffer>[] {
  const header = signWebhook({ rawBody, keys: KEY });
  const headers = { host: 'example.com', 'content-type': 'application/json', 'coinflow-signature': header };
  const prepare = (count: number): Buffer[] => Array.from({ length: count }, () => rawBody);
  const ours = (keys: string | string[]) => (body: Buffer) => {
    verifyWebhookSignature({ rawBody: body, headers, keys });
    return JSON.parse(body.toString()) as unknown;
  };
  return [
    { name: 'stripe', prepare, run: (body) => Stripe.webhooks.constructEvent(body, header, KEY) },
    { name: 'ours', prepare, run: ours(KEY) },
    { name: 'ours, second key', prepare, run: ours(['a-newer-key', KEY]) },
  ];
}

function bodyOf(bytes: number): Buffer {
  const data = { id: 'payment-1', customerId: 'alice', subtotal: { cents: 1_500 }, fill: '' };
  const event = { eventType: 'Settled', category: 'Purchase', created: '2026-01-01T00:00:00.000Z', data };
  data.fill = 'x'.repeat(bytes - JSON.stringify(event).length);
  return Buffer.from(JSON.stringify(event));
}

const rows = SIZES.flatMap((bytes) => {
  const batchSize = Math.min(1_000, Math.ceil(BYTES_IN_BATCH / bytes));
  const timings = timeBatches(cases(bodyOf(bytes)), { batches, batchSize });
  return timings.map(({ name, ns, nsOfEachBatch }) => ({
    what: `${bytes.toLocaleString('en')} bytes: ${name}`,
    us: { median: ns.median / NS_PER_US, low: ns.low / NS_PER_US, high: ns.high / NS_PER_US },
    ratio: spreadOf(ratios(nsOfEachBatch, timings[0]?.nsOfEachBatch ?? [])),
  }));
});

const report: Report = {
  title: 'Webhooks: verify and parse one delivery',
  columns: [
    { key: 'what', title: 'what' },
    { key: 'us', title: 'µs each', digits: 1 },
    { key: 'ratio', title: 'to stripe', digits: 2 },
  ],
  rows,
  notes: [],
};
tellParent([report]);
