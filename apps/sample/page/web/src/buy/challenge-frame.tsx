import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Challenge } from './checkout-outcome.js';

const FRAME = 'challenge';
/** What the page of the bank sends when the user has decided. Coinflow documents the first; the second is the emulator's. */
const MESSAGES: readonly unknown[] = ['challenge_success', 'challenge_failure'];

interface ChallengeFrameProps {
  readonly challenge: Challenge;
  readonly onDecision: () => void;
}

/** Shows the page of the bank in a frame. Only a `POST` form can open it. */
export function ChallengeFrame({ challenge: { url, creq }, onDecision }: ChallengeFrameProps): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const listen = ({ source, origin, data }: MessageEvent): void => {
      const isFromBank = source === frame.current?.contentWindow && origin === new URL(url).origin;
      if (isFromBank && MESSAGES.includes(data)) onDecision();
    };
    addEventListener('message', listen);
    form.current?.submit();
    frame.current?.focus();
    return () => removeEventListener('message', listen);
  }, [url, creq]);
  return (
    <div class="challenge">
      <form ref={form} method="post" action={url} target={FRAME} hidden>
        <input type="hidden" name="creq" value={creq} />
      </form>
      <iframe ref={frame} name={FRAME} title="Approve the payment at your bank" />
    </div>
  );
}
