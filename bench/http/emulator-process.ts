// The emulator in its own process, so that its CPU time does not count for a server.
import { startCoinflowEmulator } from 'coinflow-emulator';
import { tellParent } from '../measuring/subprocess.js';
import { MERCHANT_ID } from '../sessions/session-keys.js';
import type { Upstream } from './variants/variant.js';

const merchant = { merchantId: MERCHANT_ID, apiKey: 'bench-key' };
const { url } = await startCoinflowEmulator({ merchants: [merchant], control: 'off' });
tellParent({ url, ...merchant } satisfies Upstream);
