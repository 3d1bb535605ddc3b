import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { amount } from '../../../../test/harness/amount.js';
import { DOWN, FakeCoinflow, NO, TestInstance, YES } from '../../../../test/harness/fake-coinflow.js';

const RUNS = amount('MODEL_RUNS', { quick: 200, full: 5_000 });
const START_MS = 1_800_000_000_000;
const TTL_MS = 3_600_000;
const STALE_MS = 1_800_000;
const USERS = ['alice', 'bob', 'carol'];
const MAX_AGES = [0, 60_000, TTL_MS, Infinity];
const ANSWERS = { YES, NO, DOWN };

interface Key {
  readonly user: string;
  readonly text: string;
  readonly attested: string | undefined;
  readonly iat: number;
  readonly exp: number;
}

const NOTHING = {
  minted: false,
  doubted: false,
  revoked: false,
  provenAt: -Infinity,
  provenUntil: -Infinity,
  refusedUntil: 0,
};

/** What should be decided, in as few words as possible. Times in milliseconds; a process is what `restart` empties. */
class Model {
  now = 0;
  answer: keyof typeof ANSWERS = 'YES';
  calls = 0;
  readonly keys: Key[] = [];
  facts = new Map<Key, typeof NOTHING>();
  revokedUntil = new Map<string, number>();
  kept = new Map<string, Key>();

  of(key: Key): typeof NOTHING {
    if (!this.facts.has(key)) this.facts.set(key, { ...NOTHING });
    return this.facts.get(key) as typeof NOTHING;
  }

  isRevoked = (key: Key): boolean => this.of(key).revoked || key.iat <= (this.revokedUntil.get(key.user) ?? 0);

  mintsAgain = (user: string): Key | undefined => {
    const key = this.kept.get(user);
    if (!key || this.isRevoked(key) || this.of(key).doubted || this.now < this.of(key).refusedUntil) return undefined;
    return key.exp - this.now > 300_000 ? key : undefined;
  };

  minted(key: Key, fresh: boolean): void {
    Object.assign(this.of(key), { ...NOTHING, minted: true, provenAt: this.now, provenUntil: Infinity });
    if (!fresh) this.kept.set(key.user, key);
  }

  verify(key: Key, attested: boolean, maxAge: number): string {
    const fact = this.of(key);
    // Once it has expired, that it was revoked may be forgotten.
    if (this.now >= key.exp + 5_000) return fact.revoked ? 'REVOKED or EXPIRED' : 'EXPIRED';
    if (fact.revoked) return 'REVOKED';
    if (this.isRevoked(key)) return 'REVOKED';
    if (attested) {
      fact.minted = true;
      fact.doubted ||= this.now < fact.refusedUntil;
      if (!fact.doubted) Object.assign(fact, { provenAt: Math.max(fact.provenAt, key.iat), provenUntil: Infinity });
    }
    if (this.now < fact.provenUntil && this.now - fact.provenAt < maxAge) return 'in';
    return this.now < fact.refusedUntil ? 'REJECTED' : this.ask(fact, maxAge);
  }

  ask(fact: typeof NOTHING, maxAge: number): string {
    this.calls += 1;
    if (this.answer === 'DOWN') {
      return this.now < fact.provenAt + Math.min(maxAge, TTL_MS + STALE_MS) && !fact.doubted ? 'in' : 'UNAVAILABLE';
    }
    if (this.answer === 'YES') {
      const provenUntil = fact.minted ? Infinity : this.now + TTL_MS;
      Object.assign(fact, { doubted: false, refusedUntil: 0, provenAt: this.now, provenUntil });
      return 'in';
    }
    if (this.now < fact.provenUntil) fact.doubted = true;
    else fact.refusedUntil = this.now + 30_000;
    Object.assign(fact, { provenAt: -Infinity, provenUntil: -Infinity });
    return 'REJECTED';
  }
}

class Real {
  readonly coinflow = new FakeCoinflow();
  process = this.start();

  start(): TestInstance {
    return new TestInstance(this.coinflow, { cache: { ttlMs: TTL_MS, staleIfErrorMs: STALE_MS, maxEntries: 100 } });
  }

  async verify(key: string, maxAgeMs: number): Promise<string> {
    return this.process.decide(key, maxAgeMs).then(
      () => 'in',
      ({ code }: { code: string }) => code.replace(/^COINFLOW_(SESSION_)?(KEY_)?/, ''),
    );
  }
}

type Command = fc.AsyncCommand<Model, Real>;
type Run = (model: Model, real: Real) => Promise<void> | void;

function command(name: string, run: Run, check: (model: Model) => boolean = () => true): Command {
  return { check, run: async (model, real) => void (await run(model, real)), toString: () => name };
}

function passTime(model: Model, ms: number): void {
  jest.advanceTimersByTime(ms);
  model.now += ms;
}

function addKey(model: Model, user: string, text: string, attested?: string): Key {
  const iat = Math.floor(model.now / 1_000) * 1_000;
  const key = { user, text, attested, iat, exp: iat + 86_400_000 };
  model.keys.push(key);
  return key;
}

const user = fc.constantFrom(...USERS);
const index = fc.nat({ max: 15 });
const someKey = (model: Model, at: number): Key => model.keys[at % model.keys.length] as Key;
const hasKeys = (model: Model): boolean => model.keys.length > 0;

/** Coinflow makes no two equal keys. */
let serial = 0;

const COMMANDS = [
  fc.tuple(user, fc.boolean()).map(([name, fresh]) =>
    command(`mint(${name}, fresh: ${fresh})`, async (model, real) => {
      real.coinflow.nextKey = real.coinflow.key({ customerId: name, jti: (serial += 1) });
      const session = await real.process.mint(name, { fresh });
      const again = fresh ? undefined : model.mintsAgain(name);
      expect(session.key).toBe(again?.text ?? real.coinflow.nextKey);
      if (!again) model.minted(addKey(model, name, session.key, session.attestedKey), fresh);
    }),
  ),
  user.map((name) =>
    command(`another instance mints(${name})`, (model, real) => {
      addKey(model, name, real.coinflow.key({ customerId: name, jti: (serial += 1) }));
    }),
  ),
  fc.tuple(index, fc.boolean(), fc.constantFrom(...MAX_AGES)).map(([at, attested, maxAge]) =>
    command(
      `verify(${at}, attested: ${attested}, maxAge: ${maxAge})`,
      async (model, real) => {
        const key = someKey(model, at);
        const text = attested ? (key.attested ?? key.text) : key.text;
        const decision = await real.verify(text, maxAge);
        expect(model.verify(key, text !== key.text, maxAge).split(' or ')).toContain(decision);
        expect(real.coinflow.asked).toHaveLength(model.calls);
      },
      hasKeys,
    ),
  ),
  index.map((at) =>
    command(
      `revoke key ${at}`,
      (model, real) => {
        void real.process.revokeKey(someKey(model, at).text);
        Object.assign(model.of(someKey(model, at)), { ...NOTHING, revoked: true });
      },
      hasKeys,
    ),
  ),
  user.map((name) =>
    command(`revoke ${name}`, (model, real) => {
      void real.process.revokeUser(name);
      model.revokedUntil.set(name, Math.ceil(model.now / 1_000) * 1_000);
      // Whoever logs in again does so once Coinflow's clock has moved on.
      passTime(model, 2_000);
    }),
  ),
  fc
    .constantFrom(1, 500, 29_999, 30_000, 59_999, TTL_MS - 1, TTL_MS, TTL_MS + STALE_MS, 80_000_000, 86_405_000)
    .map((ms) => command(`${ms} ms pass`, (model) => passTime(model, ms))),
  fc.constantFrom(...(['YES', 'NO', 'DOWN'] as const)).map((answer) =>
    command(`Coinflow answers ${answer}`, (model, real) => {
      model.answer = answer;
      real.coinflow.answer = ANSWERS[answer];
    }),
  ),
  fc.constant(
    command('restart', (model, real) => {
      real.process = real.start();
      model.facts = new Map();
      model.revokedUntil = new Map();
      model.kept = new Map();
    }),
  ),
];

beforeAll(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout', 'clearTimeout'] });
  // No jitter: the model would have to guess it.
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterAll(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

it(
  `decides as the model does, in ${RUNS} sequences of mint, verify, revoke, time, answers and restarts`,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 40 }), async (commands) => {
        jest.setSystemTime(START_MS);
        const setup = (): { model: Model; real: Real } => {
          const model = new Model();
          model.now = START_MS;
          return { model, real: new Real() };
        };
        await fc.asyncModelRun(setup, commands);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS * 200,
);
