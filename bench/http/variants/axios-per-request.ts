import { Inject, Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import axios from 'axios';
import type { Upstream, Variant } from './variant.js';

const HEADER = 'x-coinflow-auth-session-key';
const UPSTREAM = Symbol('upstream');

/** A guard written by hand that calls Verify Token on every request. Axios keeps the connections alive. */
@Injectable()
class AskingGuard implements CanActivate {
  constructor(@Inject(UPSTREAM) private readonly upstream: Upstream) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    try {
      await axios.get(`${this.upstream.url}/api/auth/verify`, { headers: { [HEADER]: request.headers[HEADER] } });
      return true;
    } catch {
      throw new UnauthorizedException();
    }
  }
}

export const axiosPerRequest: Variant = {
  name: 'axios-per-request',
  refuses: true,
  header: HEADER,
  parts: (upstream) => ({
    providers: [
      { provide: UPSTREAM, useValue: upstream },
      { provide: APP_GUARD, useClass: AskingGuard },
    ],
  }),
  credential: async (_app, userId, { url, apiKey }) => {
    const headers = { authorization: apiKey, 'x-coinflow-auth-user-id': userId };
    const { data } = await axios.get<{ key: string }>(`${url}/api/auth/session-key`, { headers });
    return data.key;
  },
};
