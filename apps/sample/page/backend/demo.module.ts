import { Module } from '@nestjs/common';
import { DemoEvents } from './demo-events.js';
import { DemoController } from './demo.controller.js';
import { EmulatorControl } from './emulator/emulator-control.js';
import { Emulator } from './emulator/emulator.js';
import { InvalidKeys } from './emulator/invalid-keys.js';
import { WebhookSender } from './emulator/webhook-sender.js';

/** The backend of the demo page at `/`. A merchant's application does not need it. */
@Module({
  controllers: [DemoController],
  providers: [DemoEvents, EmulatorControl, Emulator, InvalidKeys, WebhookSender],
})
export class DemoModule {}
