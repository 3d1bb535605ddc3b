import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { amount } from '../../../../test/harness/amount.js';
import { ACCEPT, DOWN, REJECT, FakeCoinflow } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';
import { SharedBoard, SharedStore } from '../../test-doubles/shared-store.js';

const RUNS = amount('MODEL_RUNS', { quick: 200, full: 5_000 });
const START_MS = 1_800_000_000_000;
const TTL_MS = 3_600_000;
const STALE_MS = 1_800_000;
const REPLICAS = [0, 1];
const USERS = ['alice', 'bob'];
const SHORT_TIMES = [1, 500, 29_999, 30_000, 59_999];
const LONG_TIMES = [TTL_MS - 1, TTL_MS, TTL_MS + STALE_MS, 80_000_000, 86_405_000];
const MAX_AGES = [0, 60_000, TTL_MS, Infinity];
const ANSWERS = { ACCEPT, REJECT, DOWN };

interface Key {
  readonly user: string;
  readonly text: string;
  readonly attested: string | undefined;
  readonly createdAt: number;
  /** In whole seconds, as Coinflow has it. */
  readonly iat: number;
  readonly exp: number;
}

const NOTHING = { created: false, rejected: false, repeatedUntil: 0, verifiedAt: -Infinity, verifiedUntil: -Infinity };
type Fact = typeof NOTHING;

/** What one replica knows; a restart empties it. */
class ModelReplica {
  readonly facts = new Map<Key, Fact>();
  readonly kept = new Map<string, Key>();

  of(key: Key): Fact {
    if (!this.facts.has(key)) this.facts.set(key, { ...NOTHING });
    return this.facts.get(key) as Fact;
  }
}

/** The expected decisions, as simply as possible. Times in milliseconds. */
class Model {
  now = 0;
  answer: keyof typeof ANSWERS = 'ACCEPT';
  calls = 0;
  readonly keys: Key[] = [];
  readonly replicas = REPLICAS.map(() => new ModelReplica());
  /** The shared cache, the keys that replicas reuse, and the notices between them. */
  readonly shared = new Map<Key, Fact>();
  readonly keptByAll = new Map<string, Key>();
  readonly revoked = new Set<Key>();
  readonly revokedUntil = new Map<string, number>();
  readonly everRejected = new Set<Key>();

  isRevoked = (key: Key): boolean => this.revoked.has(key) || key.iat <= (this.revokedUntil.get(key.user) ?? 0);

  reused(at: number, user: string): Key | undefined {
    const replica = this.replica(at);
    const isGood = (key: Key): boolean =>
      !this.isRevoked(key) && !replica.of(key).rejected && key.exp - this.now > 300_000;
    const key = [replica.kept.get(user), this.keptByAll.get(user)].find((one) => one && isGood(one));
    if (!key) return undefined;
    const fact = replica.of(key);
    // Cached as a created key, unless the cache has something newer.
    if (fact.verifiedAt === -Infinity)
      Object.assign(fact, { created: true, verifiedAt: key.createdAt, verifiedUntil: Infinity });
    replica.kept.set(user, key);
    return key;
  }

  created(at: number, key: Key, fresh: boolean): void {
    const fact = { ...NOTHING, created: true, verifiedAt: this.now, verifiedUntil: Infinity };
    this.replica(at).facts.set(key, { ...fact });
    this.shared.set(key, fact);
    if (fresh) return;
    this.replica(at).kept.set(key.user, key);
    this.keptByAll.set(key.user, key);
  }

  verify(at: number, key: Key, attested: boolean, maxAge: number): string {
    const fact = this.replica(at).of(key);
    // The revocation of an expired key may have been removed.
    if (this.now >= key.exp + 5_000) return this.revoked.has(key) ? 'REVOKED or EXPIRED' : 'EXPIRED';
    if (this.isRevoked(key)) return 'REVOKED';
    if (attested) {
      fact.created = true;
      if (!fact.rejected)
        Object.assign(fact, { verifiedAt: Math.max(fact.verifiedAt, key.iat), verifiedUntil: Infinity });
    }
    if (this.isVerified(fact, maxAge)) return 'in';
    if (fact.rejected && this.now < fact.repeatedUntil) return 'REJECTED';
    const shared = this.shared.get(key);
    if (maxAge > 0 && !fact.rejected && shared && this.isVerified(shared, maxAge)) {
      Object.assign(fact, shared);
      return 'in';
    }
    return this.ask(at, key, maxAge);
  }

  ask(at: number, key: Key, maxAge: number): string {
    const fact = this.replica(at).of(key);
    this.calls += 1;
    if (this.answer === 'DOWN') {
      return this.now < fact.verifiedAt + Math.min(maxAge, TTL_MS + STALE_MS) && !fact.rejected ? 'in' : 'UNAVAILABLE';
    }
    if (this.answer === 'ACCEPT') {
      const verifiedUntil = fact.created ? Infinity : this.now + TTL_MS;
      Object.assign(fact, { ...NOTHING, created: fact.created, verifiedAt: this.now, verifiedUntil });
      this.shared.set(key, { ...fact });
      return 'in';
    }
    const repeatedUntil = this.now < fact.verifiedUntil && !fact.rejected ? 0 : this.now + 30_000;
    this.shared.delete(key);
    this.everRejected.add(key);
    for (const replica of this.replicas) replica.of(key).rejected = true;
    fact.repeatedUntil = repeatedUntil;
    return 'REJECTED';
  }

  restart(at: number): void {
    const replica = new ModelReplica();
    for (const key of this.everRejected) replica.of(key).rejected = true;
    this.replicas[at] = replica;
  }

  replica = (at: number): ModelReplica => this.replicas[at] as ModelReplica;

  isVerified = (fact: Fact, maxAge: number): boolean =>
    !fact.rejected && this.now < fact.verifiedUntil && this.now - fact.verifiedAt < maxAge;
}

class Real {
  readonly coinflow = new FakeCoinflow();
  readonly store = Object.assign(new SharedStore(), { revocations: new SharedBoard() });
  readonly replicas: TestInstance[] = [];

  async start(at: number): Promise<void> {
    const cache = { ttlMs: TTL_MS, staleIfErrorMs: STALE_MS, maxEntries: 100 };
    const replica = new TestInstance(this.coinflow, { cache, store: this.store });
    this.replicas[at]?.sessions.sharedRevocations?.close();
    await replica.sessions.sharedRevocations?.open();
    this.replicas[at] = replica;
  }

  replica = (at: number): TestInstance => this.replicas[at] as TestInstance;

  async verify(at: number, key: string, maxAgeMs: number): Promise<string> {
    return this.replica(at)
      .decide(key, maxAgeMs)
      .then(
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
  const key = { user, text, attested, createdAt: model.now, iat, exp: iat + 86_400_000 };
  model.keys.push(key);
  return key;
}

const user = fc.constantFrom(...USERS);
/** Mostly the newest keys: several events of one key find the most faults. */
const index = fc.nat({ max: 2 });
const someKey = (model: Model, at: number): Key => model.keys.at(-1 - (at % model.keys.length)) as Key;
const hasKeys = (model: Model): boolean => model.keys.length > 0;

/** Coinflow never creates the same key twice. */
let serial = 0;

const replica = fc.constantFrom(...REPLICAS);

const creates = fc.tuple(replica, user, fc.boolean()).map(([at, name, fresh]) =>
  command(`replica ${at} creates a key for ${name}, fresh: ${fresh}`, async (model, real) => {
    real.coinflow.nextKey = real.coinflow.key({ customerId: name, jti: (serial += 1) });
    const session = await real.replica(at).create(name, { fresh });
    const reused = fresh ? undefined : model.reused(at, name);
    expect(session.key).toBe(reused?.text ?? real.coinflow.nextKey);
    if (!reused) model.created(at, addKey(model, name, session.key, session.attestedKey), fresh);
  }),
);

const createsElsewhere = user.map((name) =>
  command(`a backend without this module creates a key for ${name}`, (model, real) => {
    addKey(model, name, real.coinflow.key({ customerId: name, jti: (serial += 1) }));
  }),
);

const verifies = fc
  .tuple(replica, index, fc.boolean(), fc.constantFrom(...MAX_AGES))
  .map(([at, which, attested, maxAge]) =>
    command(
      `replica ${at} verifies key ${which}, attested: ${attested}, maxAge: ${maxAge}`,
      async (model, real) => {
        const key = someKey(model, which);
        const text = attested ? (key.attested ?? key.text) : key.text;
        const decision = await real.verify(at, text, maxAge);
        expect(model.verify(at, key, text !== key.text, maxAge).split(' or ')).toContain(decision);
        expect(real.coinflow.calls).toHaveLength(model.calls);
      },
      hasKeys,
    ),
  );

const revokesKey = fc.tuple(replica, index).map(([at, which]) =>
  command(
    `replica ${at} revokes key ${which}`,
    async (model, real) => {
      await real.replica(at).revokeKey(someKey(model, which).text);
      model.revoked.add(someKey(model, which));
    },
    hasKeys,
  ),
);

const revokesUser = fc.tuple(replica, user).map(([at, name]) =>
  command(`replica ${at} revokes ${name}`, async (model, real) => {
    await real.replica(at).revokeUser(name);
    model.revokedUntil.set(name, Math.ceil(model.now / 1_000) * 1_000);
    // A user logs in again only once Coinflow's clock has moved on.
    passTime(model, 2_000);
  }),
);

const timePasses = fc
  .constantFrom(...SHORT_TIMES)
  .map((ms) => command(`${ms} ms pass`, (model) => passTime(model, ms)));
const longTimePasses = fc
  .constantFrom(...LONG_TIMES)
  .map((ms) => command(`${ms} ms pass`, (model) => passTime(model, ms)));

const coinflowAnswers = fc.constantFrom(...(['ACCEPT', 'REJECT', 'DOWN'] as const)).map((answer) =>
  command(`Coinflow answers ${answer}`, (model, real) => {
    model.answer = answer;
    real.coinflow.response = ANSWERS[answer];
  }),
);

const restarts = replica.map((at) =>
  command(`replica ${at} restarts`, async (model, real) => {
    await real.start(at);
    model.restart(at);
  }),
);

const readsBoard = fc.constant(
  command('the replicas read the board again', (_, real) => real.store.revocations.replay()),
);

const COMMANDS = fc.oneof(
  { weight: 6, arbitrary: creates },
  { weight: 4, arbitrary: createsElsewhere },
  { weight: 40, arbitrary: verifies },
  { weight: 2, arbitrary: revokesKey },
  { weight: 2, arbitrary: revokesUser },
  { weight: 8, arbitrary: timePasses },
  { weight: 2, arbitrary: longTimePasses },
  { weight: 14, arbitrary: coinflowAnswers },
  { weight: 4, arbitrary: restarts },
  { weight: 4, arbitrary: readsBoard },
);

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
  `decides as the model does, in ${RUNS} sequences of what two replicas, users and Coinflow can do`,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(COMMANDS, { minLength: 30, maxLength: 60 }), async (commands) => {
        jest.setSystemTime(START_MS);
        const model = new Model();
        model.now = START_MS;
        const real = new Real();
        for (const at of REPLICAS) await real.start(at);
        await fc.asyncModelRun(() => ({ model, real }), commands);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS * 200,
);
