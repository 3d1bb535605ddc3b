import { BadGatewayException, Injectable, NotFoundException } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { EmulatorState } from './emulator-state.js';

const STATE_TIMEOUT_MS = 2_000;
/** The emulator responds to a webhook request after the last delivery attempt. */
const COMMAND_TIMEOUT_MS = 30_000;

/** A client of the control API of the emulator. */
@Injectable()
export class EmulatorControl {
  readonly #url: string | undefined;

  constructor(config: ConfigService) {
    const url = config.get<string>('COINFLOW_BASE_URL') ?? '';
    // The control API is called on this machine only: the real Coinflow gets no undocumented requests.
    if (config.get('COINFLOW_ENV') === 'local' && isLoopback(url)) this.#url = url;
  }

  /** The origin of the emulator's pages; `undefined` with the real Coinflow. */
  get origin(): string | undefined {
    return this.#url && new URL(this.#url).origin;
  }

  /** @returns `undefined` if there is no emulator or it does not respond */
  async findState(): Promise<EmulatorState | undefined> {
    if (this.#url === undefined) return undefined;
    try {
      const response = await fetch(new URL('/_emulator/state', this.#url), {
        redirect: 'error',
        signal: AbortSignal.timeout(STATE_TIMEOUT_MS),
      });
      return response.ok ? EmulatorState.read(await response.json()) : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws {NotFoundException} if there is no emulator or it does not respond */
  async state(): Promise<EmulatorState> {
    const state = await this.findState();
    if (state) return state;
    throw new NotFoundException('The sample does not use the emulator. Run `npm start` without a Coinflow account.');
  }

  /** @throws {BadGatewayException} if the emulator rejects the command or does not respond */
  async post(path: string, body: object): Promise<unknown> {
    try {
      const response = await fetch(new URL(`/_emulator/${path}`, this.#url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS),
      });
      if (response.ok) return await response.json();
      throw new Error(`The emulator responded with ${response.status}.`);
    } catch (cause) {
      throw new BadGatewayException('The emulator did not execute the command. Is it still running?', { cause });
    }
  }
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
