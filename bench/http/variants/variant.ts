import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { SessionKeys } from '../../sessions/session-keys.js';

/** Where Coinflow's emulator is, and as whom to call it. */
export interface Upstream {
  readonly url: string;
  readonly apiKey: string;
  readonly merchantId: string;
}

/** One way to protect, or not to protect, the route. */
export interface Variant {
  readonly name: string;
  /** Whether it refuses a credential that nobody made. */
  readonly refuses: boolean;
  /** The header that carries the credential. */
  readonly header: string;
  /** What the application is made of; without controllers it has the usual one. */
  parts(upstream: Upstream): ModuleMetadata | Promise<ModuleMetadata>;
  /** A header's value that is let in, for a user. */
  credential(app: INestApplication, userId: string, upstream: Upstream): string | Promise<string>;
}

const localKeys = new SessionKeys();

/** The secret of peers that verify by themselves: a `KeyObject`, made once. With a string jsonwebtoken does more work. */
export const peerSecret = localKeys.secret;

/** What peers that verify by themselves are sent: the claims of a session key, as a bearer token. */
export const bearer = {
  header: 'authorization',
  refuses: true,
  credential: (_app: INestApplication, userId: string): string => `Bearer ${localKeys.make(userId)}`,
} as const;

/** The token of an `Authorization` header, as the documentation of NestJS extracts it. */
export function bearerToken(request: { headers: { authorization?: string } }): string | undefined {
  const [type, token] = request.headers.authorization?.split(' ') ?? [];
  return type === 'Bearer' ? token : undefined;
}
