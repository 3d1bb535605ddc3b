import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { jwtVerify } from 'jose';
import { bearer, bearerToken, peerSecret, type Variant } from './variant.js';

const algorithm = { name: 'HMAC', hash: 'SHA-256' };
const key = await crypto.subtle.importKey('raw', peerSecret.export(), algorithm, false, ['verify']);

@Injectable()
class JoseGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ headers: { authorization?: string }; user?: object }>();
    const token = bearerToken(request);
    if (!token) throw new UnauthorizedException();
    try {
      request.user = (await jwtVerify(token, key, { algorithms: ['HS256'] })).payload;
    } catch {
      throw new UnauthorizedException();
    }
    return true;
  }
}

export const jose: Variant = {
  ...bearer,
  name: 'jose',
  parts: () => ({ providers: [{ provide: APP_GUARD, useClass: JoseGuard }] }),
};
