import { keccak_256 } from '@noble/hashes/sha3';
import { base32, base58, hex } from '@scure/base';

/** The blockchains whose wallets Coinflow supports. */
export const COINFLOW_BLOCKCHAINS = [
  'solana',
  'eth',
  'polygon',
  'base',
  'arbitrum',
  'stellar',
  'monad',
  'tempo',
] as const;

/** A blockchain whose wallet addresses this version can validate. */
export type KnownBlockchain = (typeof COINFLOW_BLOCKCHAINS)[number];

/** The name of a blockchain, as Coinflow writes it. Any string, because Coinflow can add blockchains. */
export type CoinflowBlockchain = KnownBlockchain | (string & {});

/** @returns the requirement that a wallet address does not meet on its blockchain. Checked before Coinflow is called. */
export function walletAddressProblem(wallet: string, blockchain: KnownBlockchain): string | undefined {
  if (blockchain === 'solana')
    return isSolanaAddress(wallet) ? undefined : 'must be a Solana address: 32 bytes in base58';
  if (blockchain === 'stellar')
    return isStellarAddress(wallet) ? undefined : 'must be a Stellar address: G and 55 characters';
  if (!/^0x[0-9a-fA-F]{40}$/.test(wallet)) return 'must be an EVM address: 0x and 40 hexadecimal digits';
  return hasGoodChecksum(wallet)
    ? undefined
    : 'must have the right EIP-55 checksum, or no capital letters: is a digit mistyped?';
}

/** The canonical form of a wallet address. On EVM chains the case of letters is a checksum and not part of the address. */
export function canonicalWallet(wallet: string): string {
  return wallet.startsWith('0x') ? wallet.toLowerCase() : wallet;
}

function isSolanaAddress(wallet: string): boolean {
  // The length comes first: the time to decode grows with its square.
  return wallet.length >= 32 && wallet.length <= 44 && decode(base58, wallet)?.length === 32;
}

/** @see https://eips.ethereum.org/EIPS/eip-55 */
function hasGoodChecksum(wallet: string): boolean {
  const digits = wallet.slice(2);
  const lowerCase = digits.toLowerCase();
  if (digits === lowerCase || digits === digits.toUpperCase()) return true;
  const hash = hex.encode(keccak_256(new TextEncoder().encode(lowerCase)));
  return (
    Array.from(lowerCase, (digit, i) => (parseInt(hash.charAt(i), 16) >= 8 ? digit.toUpperCase() : digit)).join('') ===
    digits
  );
}

/** @see https://stellar.org/protocol/sep-23 "strkey" */
function isStellarAddress(wallet: string): boolean {
  if (!/^G[A-Z2-7]{55}$/.test(wallet)) return false;
  const bytes = decode(base32, wallet);
  if (bytes?.length !== 35) return false;
  const [low = 0, high = 0] = bytes.subarray(33);
  return crc16(bytes.subarray(0, 33)) === ((high << 8) | low);
}

/** CRC16-XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) >>> 0) & 0xffff;
  }
  return crc;
}

function decode(coder: { decode(text: string): Uint8Array }, text: string): Uint8Array | undefined {
  try {
    return coder.decode(text);
  } catch {
    return undefined;
  }
}
