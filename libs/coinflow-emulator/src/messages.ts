import { randomBytes } from 'node:crypto';
import type { Wallet } from './chains/blockchains.js';
import type { EmulatorClock } from './clock.js';

/** For how long a message can be signed, unless said otherwise. */
export const MESSAGE_LIFETIME_MS = 300_000;

/** Beyond these the oldest are forgotten: whoever can reach the emulator can ask for messages for ever. */
const MAX_WALLETS = 10_000;
const MAX_PER_WALLET = 5;

interface PendingMessage {
  text: string;
  blockchains: readonly string[];
  expiresAtMs: number;
}

/** The messages that wallets have been given to sign. Each is good once, for a while, for one wallet on the chains it names. */
export class Messages {
  readonly #pending = new Map<string, PendingMessage[]>();

  constructor(
    private readonly clock: EmulatorClock,
    private readonly lifetimeMs = MESSAGE_LIFETIME_MS,
    private readonly maxWallets = MAX_WALLETS,
  ) {}

  /**
   * A new message. Those before stay good: a wallet may be asked in two tabs at once.
   * @param wallets one address on each chain that the message is good on
   */
  handOut(...wallets: [Wallet, ...Wallet[]]): string {
    const [wallet] = wallets;
    const blockchains = wallets.map(({ blockchain }) => blockchain);
    const now = this.clock.nowMs();
    const text = [
      'Sign in to Coinflow (emulator)',
      '',
      `Wallet: ${wallet.address}`,
      `Blockchain: ${blockchains.join(' or ')}`,
      `Issued at: ${new Date(now).toISOString()}`,
      `Nonce: ${randomBytes(16).toString('hex')}`,
    ].join('\n');
    const pending = [...this.#unexpired(wallet), { text, blockchains, expiresAtMs: now + this.lifetimeMs }];
    this.#keep(wallet, pending.slice(-MAX_PER_WALLET));
    return text;
  }

  /**
   * Uses up the message that the wallet has signed. A wrong signature uses up nothing: anybody can send one.
   * @returns whether there was one; `none` when there is no message that could have been signed
   */
  use(wallet: Wallet, signature: string): 'used' | 'unsigned' | 'none' {
    const pending = this.#unexpired(wallet);
    const possible = pending.filter(({ blockchains }) => blockchains.includes(wallet.blockchain));
    if (possible.length === 0) return 'none';
    const signed = possible.find(({ text }) => wallet.chain.isSignedBy(wallet.address, text, signature));
    if (!signed) return 'unsigned';
    this.#keep(
      wallet,
      pending.filter((message) => message !== signed),
    );
    return 'used';
  }

  clear(): void {
    this.#pending.clear();
  }

  #unexpired(wallet: Wallet): PendingMessage[] {
    const now = this.clock.nowMs();
    return (this.#pending.get(keyOf(wallet)) ?? []).filter(({ expiresAtMs }) => now < expiresAtMs);
  }

  /** Removes before it adds, so that the map's first wallet is the one that asked longest ago. */
  #keep(wallet: Wallet, pending: PendingMessage[]): void {
    this.#pending.delete(keyOf(wallet));
    if (pending.length > 0) this.#pending.set(keyOf(wallet), pending);
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined && this.#pending.size > this.maxWallets) this.#pending.delete(oldest);
  }
}

/** The address alone tells the kind of chain. */
function keyOf({ address, chain }: Wallet): string {
  return chain.canonical(address);
}
