#!/usr/bin/env node
import { UsageError, runDoctor } from './doctor.js';

const { env, stdout } = process;
try {
  process.exitCode = await runDoctor(process.argv.slice(2), {
    cwd: process.cwd(),
    env,
    nodeVersion: process.version,
    hasColour: stdout.isTTY && !env.NO_COLOR,
    print: (text) => console.log(text),
  });
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`nestjs-coinflow-auth: ${error.message}\nnestjs-coinflow-auth doctor --help lists the options.`);
  process.exitCode = 2;
}
