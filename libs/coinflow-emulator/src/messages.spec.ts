import { beforeEach, describe, expect, it } from '@jest/globals';
import { Keypair } from '@stellar/stellar-base';
import { walletOf } from './chains/blockchains.js';
import type { Wallet } from './chains/chain.js';
import { EmulatorClock } from './clock.js';
import { Messages } from './messages.js';

describe('Messages', () => {
  const clock = new EmulatorClock();
  const keys = Keypair.random();
  const wallet = walletOf(keys.publicKey(), 'stellar');
  const another = () => walletOf(Keypair.random().publicKey(), 'stellar');
  const sign = (message: string): string => keys.sign(Buffer.from(message)).toString('base64');
  let messages: Messages;

  beforeEach(() => {
    clock.setOffset(0);
    messages = new Messages(clock, undefined, 2);
  });

  it('creates a different message each time, which names the wallet', () => {
    const texts = [messages.create(wallet), messages.create(wallet)];
    expect(texts[0]).not.toBe(texts[1]);
    expect(texts[0]).toContain(`Wallet: ${wallet.address}\nBlockchain: stellar\n`);
    expect(texts[0]).toMatch(/\nNonce: [0-9a-f]{32}$/);
  });

  it('lets each message be used once', () => {
    const signatures = [messages.create(wallet), messages.create(wallet)].map(sign);
    const uses = [...signatures, ...signatures].map((signature) => messages.use(wallet, signature));
    expect(uses).toEqual(['used', 'used', 'none', 'none']);
  });

  it('keeps a message after a wrong signature', () => {
    const signature = sign(messages.create(wallet));
    expect(messages.use(wallet, sign('another text'))).toBe('unsigned');
    expect(messages.use(wallet, signature)).toBe('used');
  });

  it('rejects a message after five minutes', () => {
    const [early, late] = [messages.create(wallet), messages.create(wallet)].map(sign) as [string, string];
    clock.setOffset(299_000);
    expect(messages.use(wallet, early)).toBe('used');
    clock.setOffset(300_000);
    expect(messages.use(wallet, late)).toBe('none');
  });

  it('drops the oldest of more than five messages of one wallet', () => {
    const signatures = Array.from({ length: 6 }, () => sign(messages.create(wallet)));
    expect(signatures.map((signature) => messages.use(wallet, signature))).toEqual([
      'unsigned',
      ...Array.from({ length: 5 }, () => 'used'),
    ]);
  });

  it('drops the messages of the wallet with the oldest request if there are too many wallets', () => {
    const first = sign(messages.create(wallet));
    messages.create(another());
    messages.create(wallet);
    messages.create(another());
    expect(messages.use(wallet, first)).toBe('used');
    messages.create(another());
    messages.create(another());
    expect(messages.use(wallet, first)).toBe('none');
  });

  it('accepts a message on the blockchains that it names only', () => {
    const address = `0x${'1'.repeat(40)}`;
    const isSignedBy = (): boolean => true;
    const on = (blockchain: string): Wallet => {
      const known = walletOf(address, blockchain);
      return { ...known, chain: { ...known.chain, isSignedBy } };
    };
    expect(messages.create(on('eth'), on('base'))).toContain('\nBlockchain: eth or base\n');
    expect(messages.use(on('polygon'), 'any')).toBe('none');
    expect(messages.use(on('base'), 'any')).toBe('used');
    expect(messages.use(on('eth'), 'any')).toBe('none');
  });

  it('drops all messages on clear', () => {
    const signature = sign(messages.create(wallet));
    messages.clear();
    expect(messages.use(wallet, signature)).toBe('none');
  });
});
