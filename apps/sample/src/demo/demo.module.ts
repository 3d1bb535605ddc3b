import { Module } from '@nestjs/common';
import { DemoEvents } from './demo-events.js';
import { DemoController } from './demo.controller.js';
import { CoinflowSwitches } from './emulator/coinflow-switches.js';
import { DemoWebhooks } from './emulator/demo-webhooks.js';
import { Emulator } from './emulator/emulator.js';
import { OddKeys } from './emulator/odd-keys.js';

/** What the start page needs beside the API that it shows. */
@Module({
  controllers: [DemoController],
  providers: [DemoEvents, Emulator, CoinflowSwitches, OddKeys, DemoWebhooks],
})
export class DemoModule {}
