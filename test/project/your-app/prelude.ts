// What the fragments of the documents use without importing it.
import type { CoinflowEmulator } from 'coinflow-emulator';
import type { CoinflowApi, CoinflowAuthService, CoinflowSession } from 'nestjs-coinflow-auth';

/** Injected in a constructor. */
export declare const coinflow: CoinflowAuthService;
export declare const api: CoinflowApi;

export declare const session: CoinflowSession;
/** What your login has found out. */
export declare const user: { readonly id: string };
export declare const request: { readonly ip: string; readonly user: { readonly id: string } };

/** Of `@nestjs/bullmq` and `bullmq`. */
export declare function InjectQueue(name: string): ParameterDecorator;
export declare class Queue {
  add(name: string, data: object, options: { jobId: string; attempts: number; backoff: object }): Promise<object>;
}

/** A connection of your own. */
export declare const socket: {
  close(code: number, reason: string): void;
  once(event: 'close', listener: () => void): void;
};

/** Started by a test. */
export declare const emulator: CoinflowEmulator;

/** From your own configuration. */
export declare const secrets: { readonly coinflowApiKey: string };

export { CoinflowAuthModule, SessionKeyExtractors, type CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
export { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
