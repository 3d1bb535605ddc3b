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
import { DEMO_USERS, hasDemoUsers } from '../login/demo-users.js';
import { LoopbackGuard } from '../operations/loopback.guard.js';
import { SameOriginGuard } from '../operations/same-origin.guard.js';
import type { DemoCoinflow, DemoDelivery, DemoState } from './demo-api.js';
import { DemoEvents } from './demo-events.js';
import { CoinflowChangeDto, KeyRequestDto, WebhookRequestDto } from './demo.dto.js';
import { CoinflowSwitches } from './emulator/coinflow-switches.js';
import { DemoWebhooks } from './emulator/demo-webhooks.js';
import { OddKeys } from './emulator/odd-keys.js';

interface RequestOnSocket {
  socket: Socket;
}

/** A page that is not read for so long that this waits is connected anew. */
const MAX_PENDING_CHARACTERS = 1_000_000;

/** What the start page shows and does beside the API that it shows: for this machine, and for the page itself. */
@ApiExcludeController()
@Controller('demo')
@UseGuards(LoopbackGuard, SameOriginGuard)
export class DemoController {
  constructor(
    private readonly config: ConfigService,
    private readonly events: DemoEvents,
    private readonly switches: CoinflowSwitches,
    private readonly keys: OddKeys,
    private readonly webhooks: DemoWebhooks,
  ) {}

  @Get('state')
  @Header('Cache-Control', 'no-store')
  async state(): Promise<DemoState> {
    return {
      env: this.config.getOrThrow('COINFLOW_ENV'),
      merchantId: this.config.getOrThrow('COINFLOW_MERCHANT_ID'),
      coinflow: await this.switches.current(),
      webhooks: this.webhooks.areOn,
      users: hasDemoUsers(this.config) ? DEMO_USERS : [],
    };
  }

  @Sse('events', { maxPendingDataLength: MAX_PENDING_CHARACTERS })
  follow(@Req() { socket }: RequestOnSocket): Observable<MessageEvent> {
    // A browser keeps the connection, for which the server would wait when it is to stop.
    return this.events.stream().pipe(finalize(() => socket.destroySoon()));
  }

  @Patch('coinflow')
  change(@Body() change: CoinflowChangeDto): Promise<DemoCoinflow> {
    return this.switches.change(change);
  }

  @Post('keys')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async key(@Body() { kind }: KeyRequestDto): Promise<{ key: string }> {
    return { key: await this.keys.make(kind) };
  }

  @Post('webhooks')
  @HttpCode(200)
  send(@Body() webhook: WebhookRequestDto): Promise<DemoDelivery> {
    return this.webhooks.send(webhook);
  }
}
