import { randomUUID } from 'node:crypto';
import { BadGatewayException, ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { DemoDelivery } from '../demo-api.js';
import type { WebhookRequestDto } from '../demo.dto.js';
import { EmulatorState } from './emulator-state.js';
import { EmulatorControl } from './emulator-control.js';

const CENTS = 500;
const MAX_ATTEMPTS = 3;

/** Makes the emulator send a webhook to the sample. */
@Injectable()
export class WebhookSender {
  constructor(
    private readonly control: EmulatorControl,
    private readonly config: ConfigService,
  ) {}

  get isEnabled(): boolean {
    return Boolean(this.config.get<string>('COINFLOW_WEBHOOK_VALIDATION_KEY')?.trim());
  }

  async send({ kind, subject }: WebhookRequestDto): Promise<DemoDelivery> {
    const { webhooks } = await this.control.state();
    if (!this.isEnabled) throw new NotFoundException('Webhooks are off: set COINFLOW_WEBHOOK_VALIDATION_KEY.');
    if (webhooks.endpoints.length === 0) {
      throw new ConflictException(
        'The emulator has no webhook endpoint: register one with POST /_emulator/webhooks/endpoints.',
      );
    }
    const id = randomUUID();
    const user = subject.kind === 'user' ? { customerId: subject.userId } : { wallet: subject.wallet };
    // A duplicate has the same `created`: the sample must recognise both as one delivery.
    const created = new Date().toISOString();
    const event = { eventType: 'Settled', created, data: { id, ...user, subtotal: { cents: CENTS } } };
    const state = await this.control.post('webhooks/send-all', {
      events: kind === 'duplicate' ? [event, event] : [event],
      ...(kind === 'forged' ? { key: 'wrong', attempts: 1 } : { attempts: MAX_ATTEMPTS }),
    });
    const attempts = EmulatorState.read(state)?.webhooks.attempts;
    if (!attempts) throw new BadGatewayException('The emulator did not report the delivery attempts.');
    return { statuses: attempts.filter(({ body }) => body.includes(id)).map(({ status = 0 }) => status) };
  }
}
