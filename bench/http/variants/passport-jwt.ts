import { Injectable } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { bearer, peerSecret, type Variant } from './variant.js';

/** The strategy from the documentation of NestJS. */
@Injectable()
class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      ignoreExpiration: false,
      algorithms: ['HS256'],
      // The types allow strings and buffers only, but the library passes the key to jsonwebtoken unchanged.
      secretOrKey: peerSecret as unknown as Buffer,
    });
  }

  validate(payload: { customerId: string }): object {
    return { userId: payload.customerId };
  }
}

@Injectable()
class PassportJwtGuard extends AuthGuard('jwt') {}

export const passportJwt: Variant = {
  ...bearer,
  name: 'passport-jwt',
  parts: () => ({
    imports: [PassportModule],
    providers: [JwtStrategy, { provide: APP_GUARD, useClass: PassportJwtGuard }],
  }),
};
