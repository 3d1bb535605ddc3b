// A hundred thousand made-up session keys within a minute, from 50 addresses, against the sample: what it costs, who notices.
//   node scripts/build.mjs && node bench/flood.mjs [express|fastify] [keys] [seconds]
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Buffer } from 'node:buffer';
import { startCoinflowEmulator } from '../dist/libs/coinflow-emulator/index.js';

const [platform = 'fastify', keys = '100000', seconds = '60'] = process.argv.slice(2);
const JUNK_KEYS = Number(keys);
const FLOOD_MS = Number(seconds) * 1_000;
const RATE = JUNK_KEYS / FLOOD_MS;
const ADDRESSES = 50;
const ROUNDS = 8;
const SLICE_MS = 2_000;
const WINDOW_MS = 60_000;
const TICK_MS = 10;

const coinflow = await startCoinflowEmulator({ limits: { withKey: 2_000, withoutKey: 100 } });
const [{ apiKey, merchantId }] = coinflow.merchants;
const agent = new Agent({ keepAlive: true, maxSockets: 100 });
const { url, child } = await startSample();

const { key: minted } = await sessionKeyOf('alice');
const { attestedKey } = await sessionKeyOf('bob');
// Their proofs lapse twice and more during the flood.
const proven = Array.from({ length: 5 }, (_, i) => coinflow.signSessionKey(claims(`proven-${i}`)));
for (const key of proven) if ((await me(key)).status !== 200) throw new Error('A proven user is not let in');

console.log(`${platform}, Node ${process.version}: ${JUNK_KEYS} keys in ${FLOOD_MS / 1_000} s, after ${ROUNDS} rounds`);
const roundsBegan = performance.now();
const slices = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const [junk, keyless] = [await slice(junkKey), await slice(() => undefined)];
  slices.push({ junk, keyless });
}
console.table({
  'beside junk keys': summary(slices.map(({ junk }) => junk)),
  'beside as many keyless requests': summary(slices.map(({ keyless }) => keyless)),
  quotient: {
    'median, ms': round2(median(slices.map(({ junk, keyless }) => median(junk) / median(keyless)))),
    'p99, ms': round2(median(slices.map(({ junk, keyless }) => quantile(junk, 0.99) / quantile(keyless, 0.99)))),
  },
});

// The flood begins with a window of the budget, so that it is all in one.
await delay(Math.max(roundsBegan + WINDOW_MS + 1_000 - performance.now(), 0));
coinflow.clearCalls();
const before = await figures();
const statuses = new Map();
const during = newUser('during');
const known = { asked: 0, failed: 0 };
const began = performance.now();
const users = everyKnownUser();
await load(junkKey, FLOOD_MS, (status) => statuses.set(status, (statuses.get(status) ?? 0) + 1));
const took = performance.now() - began;
known.isOver = true;
await users;
const calls = coinflow.countCalls('verify');
const after = newUser('after');
const { memory, budget, decisions } = await figures();

console.table({
  'junk keys sent': JUNK_KEYS,
  'in seconds': round2(took / 1_000),
  'let in': statuses.get(200) ?? 0,
  ...Object.fromEntries([...statuses].map(([status, count]) => [`answered ${status}`, count])),
  'calls of Verify Token': calls,
  'of them for new keys': budget.used.unknown - before.budget.used.unknown,
  'answered 429 by Coinflow': coinflow.calls.filter(({ status }) => status === 429).length,
  'requests of known users': known.asked,
  'of them not let in': known.failed,
  'sessions lost': before.memory.sessions - memory.sessions,
  misconfigured: decisions.byOutcome.misconfigured,
});
console.table({ 'a new key that came during the flood': await during, 'a new key that came after it': await after });

child.kill();
agent.destroy();
await coinflow.close();

function claims(customerId) {
  const iat = Math.floor(Date.now() / 1_000);
  return { customerId, merchantId, iat, exp: iat + 86_400 };
}

function junkKey() {
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims(randomBytes(6).toString('hex'))];
  return [
    ...parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')),
    randomBytes(32).toString('base64url'),
  ].join('.');
}

function call(path, headers, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url + path, { agent, method: body ? 'POST' : 'GET', headers });
    // The server ends connections that nobody has used for a while, perhaps just now.
    const again = (error) => (outgoing.reusedSocket ? call(path, headers, body).then(resolve, reject) : reject(error));
    outgoing.once('error', again).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    outgoing.end(body && JSON.stringify(body));
  });
}

function me(key, address = '198.51.100.1') {
  return call('/me', { 'x-forwarded-for': address, ...(key && { 'x-coinflow-auth-session-key': key }) });
}

async function sessionKeyOf(username) {
  const body = { username, password: `${username}-demo` };
  const { accessToken } = JSON.parse((await call('/auth/login', { 'content-type': 'application/json' }, body)).text);
  return JSON.parse((await call('/coinflow/session-key', { authorization: `Bearer ${accessToken}` })).text);
}

async function figures() {
  return JSON.parse((await call('/coinflow/metrics', {})).text);
}

/** Sends at an even rate for so long, from all addresses in turn. */
async function load(nextKey, durationMs, ended = () => undefined) {
  const began = performance.now();
  const pending = [];
  let sent = 0;
  for (;;) {
    const elapsed = Math.min(performance.now() - began, durationMs);
    for (; sent < Math.round(elapsed * RATE); sent += 1) {
      pending.push(me(nextKey(), `203.0.113.${sent % ADDRESSES}`).then(({ status }) => ended(status)));
    }
    if (elapsed >= durationMs) break;
    await delay(TICK_MS);
  }
  await Promise.all(pending);
}

/** What a proven user waits meanwhile, in milliseconds each. */
async function slice(nextKey) {
  const latencies = [];
  let isOver = false;
  const user = (async () => {
    while (!isOver) {
      const began = performance.now();
      const { status } = await me(minted);
      if (status !== 200) throw new Error(`A user who is known is answered ${status}`);
      latencies.push(performance.now() - began);
      await delay(TICK_MS);
    }
  })();
  await load(nextKey, SLICE_MS);
  isOver = true;
  await user;
  return latencies;
}

/** Asks with the keys of all users who are known, one after the other, until it is over. */
async function everyKnownUser() {
  while (!known.isOver) {
    for (const key of [minted, attestedKey, ...proven]) {
      known.asked += 1;
      if ((await me(key)).status !== 200) known.failed += 1;
    }
    await delay(TICK_MS);
  }
}

/** Tries again after each Retry-After, as a good client does. */
async function newUser(name) {
  if (name === 'during') await delay(5_000);
  const key = coinflow.signSessionKey(claims(`new-${name}`));
  const began = performance.now();
  for (let refused = 0; ; refused += 1) {
    const { status, headers } = await me(key, '198.51.100.7');
    if (status === 200) return { 'waited, s': round2((performance.now() - began) / 1_000), '503s before': refused };
    if (status !== 503) throw new Error(`A new user is answered ${status}`);
    await delay(Number(headers['retry-after']) * 1_000);
  }
}

async function startSample() {
  const sample = spawn(process.execPath, ['dist/apps/sample/apps/sample/src/main.js'], {
    env: {
      ...process.env,
      PORT: '0',
      PLATFORM: platform,
      TRUST_PROXY: '1',
      COINFLOW_ENV: 'local',
      COINFLOW_API_KEY: apiKey,
      COINFLOW_MERCHANT_ID: merchantId,
      COINFLOW_BASE_URL: coinflow.url,
      COINFLOW_CACHE_TTL_MS: '20000',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const at = await new Promise((resolve, reject) => {
    sample.once('exit', (code) => reject(new Error(`The sample has ended with ${code}`)));
    createInterface({ input: sample.stdout }).on('line', (line) => {
      const found = /^Sample merchant at (\S+)/.exec(line)?.[1];
      if (found) resolve(found);
    });
  });
  return { url: at, child: sample };
}

function summary(all) {
  return {
    'median, ms': round2(median(all.map(median))),
    'p99, ms': round2(median(all.map((latencies) => quantile(latencies, 0.99)))),
  };
}

function median(values) {
  return quantile(values, 0.5);
}

function quantile(values, share) {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)];
}

function round2(number) {
  return Math.round(number * 100) / 100;
}
