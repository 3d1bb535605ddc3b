import type { Socket } from 'node:net';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Patch,
  Post,
  Req,
  Sse,
  UseGuards,
  type MessageEvent,
} from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ApiExcludeController } from '@nestjs/swagger';
import { finalize, type Observable } from 'rxjs';
import { CoinflowPublic } from 'nestjs-coinflow-auth';
import { DEMO_USERS, hasDemoUsers } from '../../src/login/demo-users.js';
import { LoopbackGuard } from '../../src/operations/loopback.guard.js';
import { SameOriginGuard } from './same-origin.guard.js';
import type { DemoDelivery, DemoState, EmulatorSettings } from './demo-api.js';
import { DemoEvents } from './demo-events.js';
import { EmulatorChangeDto, KeyRequestDto, WebhookRequestDto } from './demo.dto.js';
import { Emulator } from './emulator/emulator.js';
import { InvalidKeys } from './emulator/invalid-keys.js';
import { WebhookSender } from './emulator/webhook-sender.js';

interface RequestOnSocket {
  socket: Socket;
}

/** Nest closes the stream of a tab that does not read. The tab then connects again. */
const MAX_PENDING_CHARACTERS = 1_000_000;

/** The backend of the demo page. Accepts requests from this machine and from the page itself only. */
@ApiExcludeController()
@Controller('demo')
@UseGuards(LoopbackGuard, SameOriginGuard)
@CoinflowPublic()
export class DemoController {
  constructor(
    private readonly config: ConfigService,
    private readonly events: DemoEvents,
    private readonly emulator: Emulator,
    private readonly keys: InvalidKeys,
    private readonly webhooks: WebhookSender,
  ) {}

  @Get('state')
  @Header('Cache-Control', 'no-store')
  async state(): Promise<DemoState> {
    return {
      env: this.config.getOrThrow('COINFLOW_ENV'),
      merchantId: this.config.getOrThrow('COINFLOW_MERCHANT_ID'),
      coinflow: await this.emulator.settings(),
      webhooks: this.webhooks.isEnabled,
      users: hasDemoUsers(this.config) ? DEMO_USERS : [],
    };
  }

  @Sse('events', { maxPendingDataLength: MAX_PENDING_CHARACTERS })
  streamEvents(@Req() { socket }: RequestOnSocket): Observable<MessageEvent> {
    // The browser would keep the connection open, and the server waits for open connections when it stops.
    return this.events.stream().pipe(finalize(() => socket.destroySoon()));
  }

  @Patch('coinflow')
  changeEmulator(@Body() change: EmulatorChangeDto): Promise<EmulatorSettings> {
    return this.emulator.change(change);
  }

  @Post('keys')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async createKey(@Body() { kind }: KeyRequestDto): Promise<{ key: string }> {
    return { key: await this.keys.create(kind) };
  }

  @Post('webhooks')
  @HttpCode(200)
  sendWebhook(@Body() webhook: WebhookRequestDto): Promise<DemoDelivery> {
    return this.webhooks.send(webhook);
  }
}
