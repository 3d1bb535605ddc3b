import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { bearer, bearerToken, type Variant } from './variant.js';

@Injectable()
class TrueGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Injectable()
class HeaderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    bearerToken(context.switchToHttp().getRequest());
    return true;
  }
}

/** No guard: the cost of everything else. */
export const unguarded: Variant = { ...bearer, name: 'unguarded', refuses: false, parts: () => ({}) };

/** An empty guard: the cost of having any guard in Nest. */
export const returnsTrue: Variant = {
  ...bearer,
  name: 'true',
  refuses: false,
  parts: () => ({ providers: [{ provide: APP_GUARD, useClass: TrueGuard }] }),
};

/** A guard that reads one header. Node parses headers on access, so no real guard can cost less. */
export const readsHeader: Variant = {
  ...bearer,
  name: 'reads-header',
  refuses: false,
  parts: () => ({ providers: [{ provide: APP_GUARD, useClass: HeaderGuard }] }),
};
