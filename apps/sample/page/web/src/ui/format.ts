import type { CoinflowSubject } from 'nestjs-coinflow-auth';
import type { Balance } from '../api/type-guards.js';

const NUMBERS = new Intl.NumberFormat('en');
const TIMES = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function formatCount(count: number): string {
  return NUMBERS.format(count);
}

/** `1 call`, `2 calls`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

export function formatClock(atMs: number): string {
  return TIMES.format(atMs);
}

export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export function formatMoney({ cents, currency }: Balance): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(cents / 100);
}

/** `23 h 59 min`, `19 s`. A negative duration is shown as `0 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Shortens a secret: two secrets can be told apart, and nobody can use the result. */
export function shorten(secret: string): string {
  return secret.length <= 16 ? '…' : `${secret.slice(0, 6)}…${secret.slice(-4)}`;
}

export function shortAddress(address: string): string {
  return address.length <= 14 ? address : `${address.slice(0, 6)}…${address.slice(-4)}`;
}

export function subjectName(subject: CoinflowSubject): string {
  return subject.kind === 'user' ? subject.userId : `${shortAddress(subject.wallet)} on ${subject.blockchain}`;
}
