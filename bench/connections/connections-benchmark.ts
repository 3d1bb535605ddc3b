// What long-lived connections cost: a watched session, and a message with and without the guard. Needs --expose-gc.
import { tellParent } from '../measuring/subprocess.js';
import { answerCoinflowInProcess } from '../sessions/coinflow-in-process.js';
import { SessionKeys } from '../sessions/session-keys.js';
import { measureMessages } from './messages.js';
import { measureWatched } from './watched-sessions.js';

const isQuick = process.argv.includes('quick');

answerCoinflowInProcess(new SessionKeys());
const watched = await measureWatched();
tellParent([watched, await measureMessages(isQuick ? 10 : 40)]);
