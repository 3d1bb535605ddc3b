import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { SessionKeys } from '../../sessions/session-keys.js';

/** The URL of the emulator and the credentials for it. */
export interface Upstream {
  readonly url: string;
  readonly apiKey: string;
  readonly merchantId: string;
}

/** One way to protect the route, or none. */
export interface Variant {
  readonly name: string;
  /** Whether it rejects a forged credential. */
  readonly refuses: boolean;
  /** The header that carries the credential. */
  readonly header: string;
  /** The metadata of the application module; without controllers it has the default one. */
  parts(upstream: Upstream): ModuleMetadata | Promise<ModuleMetadata>;
  /** Creates a valid value of the header for a user. */
  credential(app: INestApplication, userId: string, upstream: Upstream): string | Promise<string>;
}

const localKeys = new SessionKeys();

/** The secret of libraries that verify locally. A `KeyObject`, because jsonwebtoken does more work with a string. */
export const peerSecret = localKeys.secret;

/** The credentials for libraries that verify locally: a bearer token with the claims of a session key. */
export const bearer = {
  header: 'authorization',
  refuses: true,
  credential: (_app: INestApplication, userId: string): string => `Bearer ${localKeys.make(userId)}`,
} as const;

/** Extracts the token of an `Authorization` header as in the documentation of NestJS. */
export function bearerToken(request: { headers: { authorization?: string } }): string | undefined {
  const [type, token] = request.headers.authorization?.split(' ') ?? [];
  return type === 'Bearer' ? token : undefined;
}
