import { beforeEach, describe, expect, it } from '@jest/globals';
import { Keypair } from '@stellar/stellar-base';
import { walletOf, type Wallet } from './chains/blockchains.js';
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

  it('say whose they are, and are never the same', () => {
    const texts = [messages.handOut(wallet), messages.handOut(wallet)];
    expect(texts[0]).not.toBe(texts[1]);
    expect(texts[0]).toContain(`Wallet: ${wallet.address}\nBlockchain: stellar\n`);
    expect(texts[0]).toMatch(/\nNonce: [0-9a-f]{32}$/);
  });

  it('can be used once, each of them', () => {
    const signatures = [messages.handOut(wallet), messages.handOut(wallet)].map(sign);
    const uses = [...signatures, ...signatures].map((signature) => messages.use(wallet, signature));
    expect(uses).toEqual(['used', 'used', 'none', 'none']);
  });

  it('are not used up by a wrong signature', () => {
    const signature = sign(messages.handOut(wallet));
    expect(messages.use(wallet, sign('another text'))).toBe('unsigned');
    expect(messages.use(wallet, signature)).toBe('used');
  });

  it('expire after five minutes', () => {
    const [early, late] = [messages.handOut(wallet), messages.handOut(wallet)].map(sign) as [string, string];
    clock.setOffset(299_000);
    expect(messages.use(wallet, early)).toBe('used');
    clock.setOffset(300_000);
    expect(messages.use(wallet, late)).toBe('none');
  });

  it('of one wallet beyond five push the oldest out', () => {
    const signatures = Array.from({ length: 6 }, () => sign(messages.handOut(wallet)));
    expect(signatures.map((signature) => messages.use(wallet, signature))).toEqual([
      'unsigned',
      ...Array.from({ length: 5 }, () => 'used'),
    ]);
  });

  it('of too many wallets push those out that asked longest ago', () => {
    const first = sign(messages.handOut(wallet));
    messages.handOut(another());
    messages.handOut(wallet);
    messages.handOut(another());
    expect(messages.use(wallet, first)).toBe('used');
    messages.handOut(another());
    messages.handOut(another());
    expect(messages.use(wallet, first)).toBe('none');
  });

  it('are good on the blockchains they name, and on no other', () => {
    const address = `0x${'1'.repeat(40)}`;
    const isSignedBy = (): boolean => true;
    const on = (blockchain: string): Wallet => {
      const known = walletOf(address, blockchain);
      return { ...known, chain: { ...known.chain, isSignedBy } };
    };
    expect(messages.handOut(on('eth'), on('base'))).toContain('\nBlockchain: eth or base\n');
    expect(messages.use(on('polygon'), 'any')).toBe('none');
    expect(messages.use(on('base'), 'any')).toBe('used');
    expect(messages.use(on('eth'), 'any')).toBe('none');
  });

  it('are forgotten when told', () => {
    const signature = sign(messages.handOut(wallet));
    messages.clear();
    expect(messages.use(wallet, signature)).toBe('none');
  });
});
