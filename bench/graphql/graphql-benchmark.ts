// What the guard adds to a GraphQL request: processor time, in one process that has both applications in it.
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module, UseGuards, type CanActivate, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLModule, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { CoinflowAuth, CoinflowAuthModule, CoinflowAuthService, SESSION_KEY_HEADER } from 'nestjs-coinflow-auth';
import { graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { FreshKeys } from '../decision/fresh-keys.js';
import type { Report } from '../measuring/report.js';
import { spreadOf } from '../measuring/statistics.js';
import { tellParent } from '../measuring/subprocess.js';
import { answerCoinflowInProcess } from '../sessions/coinflow-in-process.js';
import { MERCHANT_ID, SessionKeys } from '../sessions/session-keys.js';

const KEYS = 300;
const isQuick = process.argv.includes('quick');
const ROUNDS = isQuick ? 10 : 30;
// The engine compiles while the first thousands of requests run.
const WARM_UP_ROUNDS = 40;
const FIELDS = 10;

/** Each request runs one guard, or eleven: for the query and for each of ten field resolvers. */
const QUERIES = [
  { name: 'a query', query: '{ me { id } }' },
  {
    name: `a query with ${FIELDS} guarded fields`,
    query: `{ me { id ${Array.from({ length: FIELDS }, (_, i) => `n${i}: name`).join(' ')} } }`,
  },
];

const TYPES = 'type Me { id: ID! name: String! } type Query { me: Me! }';

class TrueGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Resolver('Me')
class PlainResolver {
  @Query('me')
  me(): { id: string } {
    return { id: 'alice' };
  }

  @ResolveField('name')
  name(): string {
    return 'Alice';
  }
}

@Resolver('Me')
@UseGuards(TrueGuard)
class TrueResolver extends PlainResolver {}

@Resolver('Me')
@CoinflowAuth()
class GuardedResolver extends PlainResolver {}

const CONTENDERS = [
  { name: 'unguarded', resolver: PlainResolver },
  { name: 'a guard that returns true', resolver: TrueResolver },
  { name: 'coinflow', resolver: GuardedResolver },
] as const;

/** An application in this process. */
class Contest {
  readonly usOfEachRound: number[] = [];

  private constructor(
    readonly name: string,
    private readonly app: NestFastifyApplication,
    private readonly keys: FreshKeys,
    private readonly query: string,
  ) {}

  static async start(name: string, resolver: new () => object, query: string): Promise<Contest> {
    const metadata: ModuleMetadata = {
      imports: [
        CoinflowAuthModule.forRoot({
          env: 'local',
          apiKey: 'bench-key',
          merchantId: MERCHANT_ID,
          contexts: { graphql: graphqlContext() },
        }),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          typeDefs: TYPES,
          playground: false,
          fieldResolverEnhancers: ['guards'],
        }),
      ],
      providers: [resolver],
    };
    @Module(metadata)
    class AppModule {}
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
    await app.init();
    const service = app.get(CoinflowAuthService);
    const users = Array.from({ length: KEYS }, (_, i) => service.createSessionKey({ userId: `user-${i}` }));
    const keys = (await Promise.all(users)).map(({ key }) => key);
    return new Contest(name, app, new FreshKeys(keys), query);
  }

  /** Sends each key once, one request after the other. */
  async round(isMeasured: boolean): Promise<void> {
    const requests = this.keys.take(KEYS).map((key) => ({
      url: '/graphql',
      method: 'POST' as const,
      headers: { [SESSION_KEY_HEADER]: key },
      payload: { query: this.query },
    }));
    await new Promise(setImmediate);
    global.gc?.({ type: 'minor', execution: 'sync' });
    const before = process.cpuUsage();
    for (const request of requests) {
      const { statusCode, body } = await this.app.inject(request);
      if (statusCode !== 200 || body.includes('"errors"'))
        throw new Error(`${this.name}: answered ${statusCode} ${body}`);
    }
    const { user, system } = process.cpuUsage(before);
    if (isMeasured) this.usOfEachRound.push((user + system) / KEYS);
  }
}

async function measure({ name, query }: (typeof QUERIES)[number]): Promise<Report> {
  const contests: Contest[] = [];
  for (const { name: contender, resolver } of CONTENDERS)
    contests.push(await Contest.start(contender, resolver, query));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const contest of round % 2 === 0 ? contests : contests.toReversed()) await contest.round(round >= 0);
  }
  const base = contests[0]?.usOfEachRound ?? [];
  return {
    title: `What the guard adds to a GraphQL request, Apollo on Fastify: ${name}`,
    columns: [
      { key: 'what', title: 'what' },
      { key: 'us', title: 'CPU µs/request', digits: 1 },
      { key: 'added', title: 'added to an unguarded one', digits: 1 },
      { key: 'ratio', title: 'ratio', digits: 3 },
    ],
    rows: contests.map((contest) => ({
      what: contest.name,
      us: spreadOf(contest.usOfEachRound).median,
      added: spreadOf(contest.usOfEachRound.map((us, i) => us - (base[i] ?? NaN))),
      ratio: spreadOf(contest.usOfEachRound.map((us, i) => us / (base[i] ?? NaN))).median,
    })),
    notes: [
      `${ROUNDS} rounds; in each, every application gets ${KEYS} requests with as many cached session keys, by inject().`,
      'Medians of the differences and ratios within a round.',
    ],
  };
}

answerCoinflowInProcess(new SessionKeys());
const reports: Report[] = [];
for (const query of QUERIES) reports.push(await measure(query));
tellParent(reports);
