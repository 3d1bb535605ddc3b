import { spawn, type ChildProcess } from 'node:child_process';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import type { Platform } from '../choices.js';

const SAMPLE = fileURLToPath(new URL('../../../apps/sample/apps/sample/src/main.js', import.meta.url));
const CONNECTIONS = 100;
/** The assumed rate limit of Coinflow for calls without an API key. */
const VERIFICATIONS_PER_MINUTE = 100;
const KNOWN_ADDRESS = '198.51.100.1';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The built sample in its own process, and the emulator with rate limits in this process. */
export class Merchant {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  private constructor(
    readonly coinflow: CoinflowEmulator,
    readonly merchantId: string,
    private readonly sample: ChildProcess,
    private readonly url: string,
  ) {}

  /** @param ttlMs how long a verification is cached */
  static async start(platform: Platform, ttlMs: number): Promise<Merchant> {
    const coinflow = await startCoinflowEmulator({ limits: { withKey: 2_000, withoutKey: VERIFICATIONS_PER_MINUTE } });
    const [merchant] = coinflow.merchants;
    if (!merchant) throw new Error('The emulator has no merchant.');
    const sample = spawn(process.execPath, [SAMPLE], {
      env: {
        ...process.env,
        PORT: '0',
        PLATFORM: platform,
        TRUST_PROXY: '1',
        COINFLOW_ENV: 'local',
        COINFLOW_API_KEY: merchant.apiKey,
        COINFLOW_MERCHANT_ID: merchant.merchantId,
        COINFLOW_BASE_URL: coinflow.url,
        COINFLOW_CACHE_TTL_MS: String(ttlMs),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new Merchant(coinflow, merchant.merchantId, sample, await urlOf(sample));
  }

  /** Sends `GET /me` from an address behind the proxy of the merchant. */
  me(sessionKey: string | undefined, address = KNOWN_ADDRESS): Promise<Answer> {
    const key = sessionKey && { 'x-coinflow-auth-session-key': sessionKey };
    return this.#request('/me', { 'x-forwarded-for': address, ...key });
  }

  /** Creates the session key of a demo user. Returns the plain and the attested key. */
  async sessionKeysOf(username: string): Promise<{ key: string; attestedKey: string }> {
    const body = JSON.stringify({ username, password: `${username}-demo` });
    const login = await this.#request('/auth/login', { 'content-type': 'application/json' }, body);
    const { accessToken } = JSON.parse(login.text) as { accessToken: string };
    const keys = await this.#request('/coinflow/session-key', { authorization: `Bearer ${accessToken}` });
    return JSON.parse(keys.text) as { key: string; attestedKey: string };
  }

  async metrics(): Promise<CoinflowAuthMetrics> {
    return JSON.parse((await this.#request('/coinflow/metrics')).text) as CoinflowAuthMetrics;
  }

  async stop(): Promise<void> {
    this.sample.kill();
    this.#agent.destroy();
    await this.coinflow.close();
  }

  #request(path: string, headers: Readonly<Record<string, string>> = {}, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const outgoing = request(this.url + path, { agent: this.#agent, method, headers });
      outgoing.once('error', (error) => {
        // The server may have closed an idle connection just now.
        if (outgoing.reusedSocket) this.#request(path, headers, body).then(resolve, reject);
        else reject(error);
      });
      outgoing.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      outgoing.end(body);
    });
  }
}

function urlOf(sample: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    sample.once('exit', (code) => reject(new Error(`The sample has stopped (${code}). Is it built?`)));
    if (!sample.stdout) return reject(new Error('The sample has no output.'));
    createInterface({ input: sample.stdout }).on('line', (line) => {
      const url = /^Sample merchant at (\S+)/.exec(line)?.[1];
      if (url) resolve(url);
    });
  });
}
