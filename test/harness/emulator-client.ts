import type { CoinflowEmulator, EmulatorOperation } from 'coinflow-emulator';
import { send, type SentResponse } from './send.js';
import type { TestWallet } from './wallets.js';

type Headers = Record<string, string>;

/** A raw client of Coinflow. */
export class EmulatorClient {
  readonly apiKey: string;
  readonly merchantId: string;

  constructor(private readonly coinflow: CoinflowEmulator) {
    const [merchant = { apiKey: '', merchantId: '' }] = coinflow.merchants;
    this.apiKey = merchant.apiKey;
    this.merchantId = merchant.merchantId;
  }

  get(path: string, headers: Headers = {}): Promise<SentResponse> {
    return send(this.coinflow.url + path, { headers });
  }

  message(headers: Headers): Promise<SentResponse> {
    return this.get('/api/auth', headers);
  }

  sessionKey(headers: Headers): Promise<SentResponse> {
    return this.get('/api/auth/session-key', headers);
  }

  verify(key: string): Promise<SentResponse> {
    return this.get('/api/auth/verify', { 'x-coinflow-auth-session-key': key });
  }

  /** Calls an operation. The merchant fills the path of a checkout, and other parameters are `any`. */
  call(operation: EmulatorOperation, headers: Headers = {}, body?: unknown): Promise<SentResponse> {
    const [method, template = ''] = operation.split(' ');
    const path = template.replace('{merchantId}', this.merchantId).replaceAll(/\{\w+\}/g, 'any');
    return send(`${this.coinflow.url}/api${path}`, { method, headers, body });
  }

  /** The headers of a user's session. */
  async session(userId = 'alice'): Promise<Headers> {
    return { 'x-coinflow-auth-session-key': await this.create(userId) };
  }

  /** Creates a key for a user with the API key. @returns the key */
  async create(userId = 'alice'): Promise<string> {
    const { body } = await this.sessionKey({ authorization: this.apiKey, 'x-coinflow-auth-user-id': userId });
    return (body as { key: string }).key;
  }

  /** The message that the wallet must sign. */
  async messageFor(wallet: TestWallet): Promise<string> {
    const { body } = await this.message(walletHeaders(wallet));
    return (body as { message: string }).message;
  }

  /** The headers for a wallet that has signed a new message. */
  async signed(wallet: TestWallet): Promise<Headers> {
    return {
      ...walletHeaders(wallet),
      'x-coinflow-auth-signed-message': await wallet.sign(await this.messageFor(wallet)),
      'x-coinflow-auth-merchant-id': this.merchantId,
    };
  }
}

export function walletHeaders({ address, blockchain }: Pick<TestWallet, 'address' | 'blockchain'>): Headers {
  return { 'x-coinflow-auth-wallet': address, 'x-coinflow-auth-blockchain': blockchain };
}

export function claimsOf(key: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}
