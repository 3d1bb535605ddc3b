import { once } from 'node:events';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CoinflowAuth, CoinflowAuthModule, CoinflowAuthService } from 'nestjs-coinflow-auth';
import { authenticateConnections, webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { WebSocket } from 'ws';
import type { Report } from '../measuring/report.js';
import { spreadOf } from '../measuring/statistics.js';
import { MERCHANT_ID } from '../sessions/session-keys.js';

const CONNECTIONS = 200;
const MESSAGES_PER_CONNECTION = 5;
const WARM_UP_ROUNDS = 5;
const MESSAGE = JSON.stringify({ event: 'answer', data: { id: 42 } });

abstract class AnswerGateway {
  protected abstract readonly coinflow: CoinflowAuthService;

  afterInit(server: Parameters<typeof authenticateConnections>[0]): void {
    authenticateConnections(server, this.coinflow);
  }

  @SubscribeMessage('answer')
  answer(): object {
    return { event: 'answer', data: { id: 42, name: 'alice', paid: true } };
  }
}

@WebSocketGateway()
class UnguardedGateway extends AnswerGateway {
  constructor(protected readonly coinflow: CoinflowAuthService) {
    super();
  }
}

@WebSocketGateway()
@CoinflowAuth()
class GuardedGateway extends AnswerGateway {
  constructor(protected readonly coinflow: CoinflowAuthService) {
    super();
  }
}

/** An application in this process with authenticated connections; its clients are in this process, too. */
class Contest {
  readonly usOfEachRound: number[] = [];

  private constructor(
    readonly name: string,
    private readonly sockets: readonly WebSocket[],
    private readonly app: INestApplication,
  ) {}

  static async start(name: string, gateway: Type): Promise<Contest> {
    @Module({
      imports: [
        CoinflowAuthModule.forRoot({
          env: 'local',
          apiKey: 'bench-key',
          merchantId: MERCHANT_ID,
          contexts: { ws: webSocketContext() },
        }),
      ],
      providers: [gateway],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const url = (await app.getUrl()).replace('http', 'ws');
    const sockets: WebSocket[] = [];
    for (let user = 0; user < CONNECTIONS; user += 1) {
      const { key } = await app.get(CoinflowAuthService).createSessionKey({ userId: `user-${user}` });
      const socket = new WebSocket(url, ['coinflow', key]);
      await once(socket, 'open');
      sockets.push(socket);
    }
    return new Contest(name, sockets, app);
  }

  /** Every connection sends its messages, one after the other. */
  async round(isMeasured: boolean): Promise<void> {
    global.gc?.({ type: 'minor', execution: 'sync' });
    const before = process.cpuUsage();
    for (let message = 0; message < MESSAGES_PER_CONNECTION; message += 1) {
      await Promise.all(
        this.sockets.map(async (socket) => {
          socket.send(MESSAGE);
          const [answer] = (await once(socket, 'message')) as [Buffer];
          if (!answer.includes('paid')) throw new Error(`${this.name}: answered ${answer.toString()}`);
        }),
      );
    }
    const { user, system } = process.cpuUsage(before);
    if (isMeasured) this.usOfEachRound.push((user + system) / (CONNECTIONS * MESSAGES_PER_CONNECTION));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await this.app.close();
  }
}

/** What the guard adds to a message over `ws`. The applications take turns, A B B A. */
export async function measureMessages(rounds: number): Promise<Report> {
  const unguarded = await Contest.start('without the guard', UnguardedGateway);
  const guarded = await Contest.start('with @CoinflowAuth() on the gateway', GuardedGateway);
  const contests = [unguarded, guarded];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const contest of round % 2 === 0 ? contests : contests.toReversed()) await contest.round(round >= 0);
  }
  const base = unguarded.usOfEachRound;
  const rows = contests.map(({ name, usOfEachRound }) => ({
    what: name,
    us: spreadOf(usOfEachRound).median,
    added: name === unguarded.name ? null : spreadOf(usOfEachRound.map((us, index) => us - (base[index] ?? NaN))),
  }));
  for (const contest of contests) await contest.close();
  return {
    title: 'A message over ws, authenticated connections',
    columns: [
      { key: 'what', title: 'what' },
      { key: 'us', title: 'CPU µs/message', digits: 1 },
      { key: 'added', title: 'added', digits: 2 },
    ],
    rows,
    notes: [
      `${rounds} rounds of ${(CONNECTIONS * MESSAGES_PER_CONNECTION).toLocaleString('en')} messages and answers over ${CONNECTIONS} connections. The time includes the clients, which are in the same process.`,
      'Medians of the differences within a round; in brackets between which values the middle half of them lies.',
    ],
  };
}
