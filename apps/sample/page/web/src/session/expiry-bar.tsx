import type { JSX } from 'preact';
import { timesOf } from '../keys/session-keys.js';
import { formatDuration } from '../ui/format.js';
import { useNow } from '../ui/timers.js';
import type { Session } from './session.js';

const DAY_MS = 86_400_000;

interface ExpiryBarProps {
  readonly session: Pick<Session, 'keys'>;
  readonly isRevoked: boolean;
}

/** The remaining lifetime of the session key. */
export function ExpiryBar({ session: { keys }, isRevoked }: ExpiryBarProps): JSX.Element {
  const now = useNow(500);
  const times = timesOf(keys.key);
  const end = keys.expiresAt?.getTime() ?? times.expiresAtMs;
  if (end === undefined) return <p class="hint">The key has no expiry.</p>;
  const begin = times.issuedAtMs ?? end - DAY_MS;
  const share = Math.min(1, Math.max(0, (end - now) / Math.max(1, end - begin)));
  const words = inWords(end - now, isRevoked);
  return (
    <div class={`expiry ${isRevoked || share === 0 ? 'is-over' : ''}`}>
      <div class="expiry-words">
        <span>{words}</span>
      </div>
      <div
        class="expiry-track"
        role="progressbar"
        aria-label="Remaining lifetime of the session key"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={words}
      >
        <div class="expiry-left" style={{ transform: `scaleX(${isRevoked ? 0 : share})` }} />
      </div>
    </div>
  );
}

function inWords(leftMs: number, isRevoked: boolean): string {
  if (isRevoked) return 'Revoked. The guard rejects this key.';
  return leftMs > 0 ? `Expires in ${formatDuration(leftMs)}` : 'Expired. Get a new key.';
}
