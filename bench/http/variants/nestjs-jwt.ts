import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { bearer, bearerToken, peerSecret, type Variant } from './variant.js';

/** The guard from the documentation of NestJS. */
@Injectable()
class JwtGuard implements CanActivate {
  constructor(private readonly jwt: JwtService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ headers: { authorization?: string }; user?: object }>();
    const token = bearerToken(request);
    if (!token) throw new UnauthorizedException();
    try {
      request.user = await this.jwt.verifyAsync<object>(token);
    } catch {
      throw new UnauthorizedException();
    }
    return true;
  }
}

export const nestjsJwt: Variant = {
  ...bearer,
  name: 'nestjs-jwt',
  parts: () => ({
    imports: [JwtModule.register({ secret: peerSecret, verifyOptions: { algorithms: ['HS256'] } })],
    providers: [{ provide: APP_GUARD, useClass: JwtGuard }],
  }),
};
