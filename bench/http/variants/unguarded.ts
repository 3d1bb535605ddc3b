import { Injectable, type CanActivate } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { bearer, type Variant } from './variant.js';

@Injectable()
class TrueGuard implements CanActivate {
  canActivate(): boolean {
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
