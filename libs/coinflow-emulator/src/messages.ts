import { randomBytes } from 'node:crypto';
import type { Wallet } from './chains/chain.js';
import type { EmulatorClock } from './clock.js';

/** The default lifetime of a message. */
export const MESSAGE_LIFETIME_MS = 300_000;

/** Limits that bound the memory. The oldest messages are dropped. */
const MAX_WALLETS = 10_000;
const MAX_PER_WALLET = 5;

interface PendingMessage {
  text: string;
  blockchains: readonly string[];
  expiresAtMs: number;
}

/** The messages that wallets must sign. Each is valid once, until it expires, for one wallet on the chains that it names. */
export class Messages {
  readonly #pending = new Map<string, PendingMessage[]>();

  constructor(
    private readonly clock: EmulatorClock,
    private readonly lifetimeMs = MESSAGE_LIFETIME_MS,
    private readonly maxWallets = MAX_WALLETS,
  ) {}

  /**
   * Creates a message. Earlier messages stay valid, so that a user can log in from two tabs.
   * @param wallets one address on each chain that the message is valid on
   */
  create(...wallets: [Wallet, ...Wallet[]]): string {
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
   * Uses up the message that the wallet has signed. A wrong signature uses up nothing, because anybody can send one.
   * @returns `none` if there is no message for the wallet, `unsigned` if the signature fits none of its messages
   */
  use(wallet: Wallet, signature: string): 'used' | 'unsigned' | 'none' {
    const signed = this.#signed(wallet, signature);
    if (typeof signed === 'string') return signed;
    this.#keep(
      wallet,
      this.#unexpired(wallet).filter((message) => message !== signed),
    );
    return 'used';
  }

  /** As `use()`, but the message stays valid. */
  check(wallet: Wallet, signature: string): 'signed' | 'unsigned' | 'none' {
    const signed = this.#signed(wallet, signature);
    return typeof signed === 'string' ? signed : 'signed';
  }

  clear(): void {
    this.#pending.clear();
  }

  #signed(wallet: Wallet, signature: string): PendingMessage | 'unsigned' | 'none' {
    const possible = this.#unexpired(wallet).filter(({ blockchains }) => blockchains.includes(wallet.blockchain));
    if (possible.length === 0) return 'none';
    return possible.find(({ text }) => wallet.chain.isSignedBy(wallet.address, text, signature)) ?? 'unsigned';
  }

  #unexpired(wallet: Wallet): PendingMessage[] {
    const now = this.clock.nowMs();
    return (this.#pending.get(keyOf(wallet)) ?? []).filter(({ expiresAtMs }) => now < expiresAtMs);
  }

  /** Removes before it adds, so that the map has the wallet with the oldest request first. */
  #keep(wallet: Wallet, pending: PendingMessage[]): void {
    this.#pending.delete(keyOf(wallet));
    if (pending.length > 0) this.#pending.set(keyOf(wallet), pending);
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined && this.#pending.size > this.maxWallets) this.#pending.delete(oldest);
  }
}

/** The address determines the kind of chain. */
function keyOf({ address, chain }: Wallet): string {
  return chain.canonical(address);
}
