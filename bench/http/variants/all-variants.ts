import { axiosPerRequest } from './axios-per-request.js';
import { coinflow, coinflowDecorated } from './coinflow.js';
import { jose } from './jose.js';
import { nestjsJwt } from './nestjs-jwt.js';
import { passportJwt } from './passport-jwt.js';
import { readsHeader, returnsTrue, unguarded } from './unguarded.js';
import type { Variant } from './variant.js';

export const VARIANTS: readonly Variant[] = [
  unguarded,
  returnsTrue,
  readsHeader,
  coinflow,
  coinflowDecorated,
  nestjsJwt,
  passportJwt,
  jose,
  axiosPerRequest,
];

/** @throws {TypeError} if there is no variant with this name */
export function variantNamed(name: string | undefined): Variant {
  const variant = VARIANTS.find((one) => one.name === name);
  if (variant) return variant;
  throw new TypeError(`There is no variant "${name}". Use one of ${VARIANTS.map((one) => one.name).join(', ')}.`);
}
