import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

type Level = 'log' | 'error' | 'warn' | 'debug' | 'verbose' | 'fatal';

/** Records the lines of every level. */
export class RecordingLogger implements LoggerService {
  readonly lines: { level: Level; text: string }[] = [];

  log = this.#record('log');
  error = this.#record('error');
  warn = this.#record('warn');
  debug = this.#record('debug');
  verbose = this.#record('verbose');
  fatal = this.#record('fatal');

  /** The lines of one level. */
  at(level: Level): string[] {
    return this.lines.filter((line) => line.level === level).map(({ text }) => text);
  }

  /** Everything that was logged. */
  get text(): string {
    return this.lines.map(({ text }) => text).join('\n');
  }

  #record(level: Level): (...parts: unknown[]) => void {
    return (...parts) => {
      const text = parts
        .map((part) => (typeof part === 'string' ? part : inspect(part, { depth: Infinity })))
        .join(' ');
      this.lines.push({ level, text });
    };
  }
}
