// Coinflow's place, in a process of its own: its work is no server's.
import { startCoinflowEmulator } from 'coinflow-emulator';
import { tellParent } from '../measuring/subprocess.js';
import { MERCHANT_ID } from '../sessions/session-keys.js';
import type { Upstream } from './variants/variant.js';

const merchant = { merchantId: MERCHANT_ID, apiKey: 'bench-key' };
const { url } = await startCoinflowEmulator({ merchants: [merchant], control: 'off' });
tellParent({ url, ...merchant } satisfies Upstream);
