#!/usr/bin/env node
import { UsageError, runCommand } from './command.js';

try {
  const emulator = await runCommand(process.argv.slice(2), process.env, (line) => console.log(line));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator?.close());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`coinflow-emulator: ${error.message}`);
  process.exitCode = 1;
}
