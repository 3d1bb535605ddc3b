// The time of a decision without a server.
import { tellParent } from '../measuring/subprocess.js';
import { answerCoinflowInProcess } from '../sessions/coinflow-in-process.js';
import { SessionKeys } from '../sessions/session-keys.js';
import { measureAttested } from './attested-decision.js';
import { measureGuard } from './guard-decision.js';
import { cacheKeys } from './cached-keys.js';
import { measureService } from './service-decision.js';

const isQuick = process.argv.includes('quick');
const FEW = 1_000;
const MANY = isQuick ? 100_000 : 1_000_000;
const USED_OF_MANY = MANY / 10;
const OPTIONS = { batches: isQuick ? 60 : 400, batchSize: 1_000 };

answerCoinflowInProcess(new SessionKeys());
const few = await cacheKeys(FEW, FEW);
const guard = await measureGuard(OPTIONS);
const attested = await measureAttested(few, await cacheKeys(FEW, FEW), OPTIONS);
const many = await cacheKeys(MANY, USED_OF_MANY);
tellParent([measureService(few, many, OPTIONS), guard, attested]);
