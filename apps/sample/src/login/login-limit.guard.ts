import { HttpException, HttpStatus, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { clientNetwork } from './client-network.js';

const LOGINS_PER_MINUTE = 20;

interface RequestFromAddress {
  ip: string;
}

interface ResponseWithHeaders {
  header(name: string, value: string): unknown;
}

/** Limits the logins of one client, so that passwords cannot be guessed by the thousand. */
@Injectable()
export class LoginLimitGuard implements CanActivate {
  readonly #limiter = new RateLimiterMemory({ points: LOGINS_PER_MINUTE, duration: 60 });

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    try {
      await this.#limiter.consume(clientNetwork(http.getRequest<RequestFromAddress>().ip));
      return true;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const waitSeconds = Math.ceil(refusal.msBeforeNext / 1_000);
      http.getResponse<ResponseWithHeaders>().header('Retry-After', String(waitSeconds));
      throw new HttpException(`Too many logins: try again in ${waitSeconds} s`, HttpStatus.TOO_MANY_REQUESTS);
    }
  }
}
