import { randomUUID } from 'node:crypto';
import { BadGatewayException, ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { DemoDelivery } from '../demo-api.js';
import type { WebhookRequestDto } from '../demo.dto.js';
import { EmulatorState } from './emulator-state.js';
import { Emulator } from './emulator.js';

const CENTS = 500;
const TRIES = 3;

/** Webhooks that the emulator sends when the page wants one. */
@Injectable()
export class DemoWebhooks {
  constructor(
    private readonly emulator: Emulator,
    private readonly config: ConfigService,
  ) {}

  get areOn(): boolean {
    return Boolean(this.config.get<string>('COINFLOW_WEBHOOK_VALIDATION_KEY')?.trim());
  }

  async send({ kind, subject }: WebhookRequestDto): Promise<DemoDelivery> {
    const { webhooks } = await this.emulator.state();
    if (!this.areOn) throw new NotFoundException('Webhooks are off: set COINFLOW_WEBHOOK_VALIDATION_KEY');
    if (webhooks.endpoints.length === 0) {
      throw new ConflictException('The emulator knows nobody to tell: see POST /_emulator/webhooks/endpoints');
    }
    const id = randomUUID();
    const payer = subject.kind === 'user' ? { customerId: subject.userId } : { wallet: subject.wallet };
    // The same event twice, as Coinflow may: under one `created`, so that both are one delivery.
    const created = new Date().toISOString();
    const event = { eventType: 'Settled', created, data: { id, ...payer, subtotal: { cents: CENTS } } };
    const answer = await this.emulator.tell('webhooks/send-all', {
      events: kind === 'repeat' ? [event, event] : [event],
      ...(kind === 'forged' ? { key: 'wrong', attempts: 1 } : { attempts: TRIES }),
    });
    const attempts = EmulatorState.read(answer)?.webhooks.attempts;
    if (!attempts) throw new BadGatewayException('The emulator does not say what became of it');
    return { statuses: attempts.filter(({ body }) => body.includes(id)).map(({ status = 0 }) => status) };
  }
}
