import { Controller, Get, Header } from '@nestjs/common';
import { CoinflowAuth, SESSION_KEY_HEADER } from 'nestjs-coinflow-auth';

/** The response body of every handler. */
export const ANSWER = { id: 42, name: 'alice', paid: true };

export type Answer = typeof ANSWER;

@Controller()
export class AnswerController {
  @Get()
  answer(): Answer {
    return ANSWER;
  }
}

/** For variants that write no `Vary` themselves: its cost is not that of the guard. */
@Controller()
export class VaryController {
  @Get()
  @Header('Vary', SESSION_KEY_HEADER)
  answer(): Answer {
    return ANSWER;
  }
}

/** A policy on handler and class, to be merged. Both decorators add the guard again. */
@Controller()
@CoinflowAuth({ subject: 'user' })
export class DecoratedController {
  @Get()
  @CoinflowAuth({ maxAgeMs: 86_400_000 })
  answer(): Answer {
    return ANSWER;
  }
}
