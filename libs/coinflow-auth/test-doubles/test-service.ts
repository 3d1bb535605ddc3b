import { CoinflowAuthService } from '../src/coinflow-auth.service.js';
import { CoinflowAuthenticator } from '../src/coinflow-authenticator.js';
import type { CoinflowAuthModuleOptions } from '../src/options/coinflow-auth-options.js';
import { resolveOptions } from '../src/options/resolve-options.js';

/** The service of an instance without Nest, with HTTP to whatever `baseUrl` is. */
export class TestService extends CoinflowAuthService {
  readonly authenticator: CoinflowAuthenticator;

  /** @param name of the instance; `undefined` for the unnamed one */
  constructor(options: CoinflowAuthModuleOptions, name?: string) {
    const authenticator = new CoinflowAuthenticator(resolveOptions(options), name);
    super(authenticator);
    this.authenticator = authenticator;
  }

  /** Starts as Nest starts the instance. */
  async start(): Promise<void> {
    await this.authenticator.onApplicationBootstrap();
    this.onApplicationBootstrap();
  }

  /** Stops as Nest stops the instance. */
  async stop(): Promise<void> {
    this.onApplicationShutdown();
    await this.authenticator.onApplicationShutdown();
  }
}
