// Coinflow in its own process: it accepts card checkouts and does not respond to them.
import { startCoinflowEmulator } from 'coinflow-emulator';
import { tellParent } from '../measuring/subprocess.js';
import { MERCHANT_ID } from '../sessions/session-keys.js';
import type { Upstream } from '../http/variants/variant.js';

const merchant = { merchantId: MERCHANT_ID, apiKey: 'bench-key' };
const coinflow = await startCoinflowEmulator({ merchants: [merchant] });
coinflow.fail('POST /checkout/card/{merchantId}', { kind: 'hang' });
process.on('message', () => tellParent({ checkouts: coinflow.countCalls('POST /checkout/card/{merchantId}') }));
tellParent({ url: coinflow.url, ...merchant } satisfies Upstream);
