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

/** What everything else costs. */
export const unguarded: Variant = { ...bearer, name: 'unguarded', refuses: false, parts: () => ({}) };

/** What having a guard costs in Nest, whatever it does. */
export const returnsTrue: Variant = {
  ...bearer,
  name: 'true',
  refuses: false,
  parts: () => ({ providers: [{ provide: APP_GUARD, useClass: TrueGuard }] }),
};

/** What it costs beside to look at a header: Node reads them only when somebody asks. No check of anything can cost less. */
export const readsHeader: Variant = {
  ...bearer,
  name: 'reads-header',
  refuses: false,
  parts: () => ({ providers: [{ provide: APP_GUARD, useClass: HeaderGuard }] }),
};
