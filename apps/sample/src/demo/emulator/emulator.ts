import { BadGatewayException, Injectable, NotFoundException } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { EmulatorState } from './emulator-state.js';

const STATE_WITHIN_MS = 2_000;
/** A webhook is answered once it has been tried as often as it is to be. */
const ANSWER_WITHIN_MS = 30_000;

/** The control path of the emulator, where it stands in Coinflow's place. */
@Injectable()
export class Emulator {
  readonly #url: string | undefined;

  constructor(config: ConfigService) {
    const url = config.get<string>('COINFLOW_BASE_URL') ?? '';
    // Coinflow's own, and whatever is on another machine, is asked nothing but what it documents.
    if (config.get('COINFLOW_ENV') === 'local' && isOfThisMachine(url)) this.#url = url;
  }

  /** @returns nothing where there is no emulator, or it does not answer */
  async find(): Promise<EmulatorState | undefined> {
    if (this.#url === undefined) return undefined;
    try {
      const answer = await fetch(new URL('/_emulator/state', this.#url), {
        redirect: 'error',
        signal: AbortSignal.timeout(STATE_WITHIN_MS),
      });
      return answer.ok ? EmulatorState.read(await answer.json()) : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws {NotFoundException} where there is none */
  async state(): Promise<EmulatorState> {
    const state = await this.find();
    if (state) return state;
    throw new NotFoundException('There is no emulator in Coinflow’s place: this is for `npm start` without an account');
  }

  /** @throws {BadGatewayException} when it does not do what it is told */
  async tell(path: string, body: object): Promise<unknown> {
    try {
      const answer = await fetch(new URL(`/_emulator/${path}`, this.#url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      if (answer.ok) return await answer.json();
      throw new Error(`The emulator has answered ${answer.status}`);
    } catch (cause) {
      throw new BadGatewayException('The emulator has not done what it was told', { cause });
    }
  }
}

function isOfThisMachine(url: string): boolean {
  return URL.canParse(url) && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
