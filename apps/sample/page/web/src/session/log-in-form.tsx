import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../api/answer.js';
import { sample } from '../api/sample.js';
import { announce } from '../ui/announcer.js';
import { Failure } from '../../../../web/src/ui/failure.js';
import { walletOffers } from '../wallets/offers.js';
import { logInAs, signInWith } from './log-in.js';

/** Everybody who can log in here, one press away. */
export function LogInForm(): JSX.Element {
  const [busyWith, setBusyWith] = useState<string | undefined>(undefined);
  const [failure, setFailure] = useState<Answer | undefined>(undefined);
  const [walletSays, setWalletSays] = useState<string | undefined>(undefined);

  const begin = async (name: string, logIn: () => Promise<Answer | undefined>): Promise<void> => {
    setBusyWith(name);
    setFailure(undefined);
    setWalletSays(undefined);
    try {
      const failed = await logIn();
      setFailure(failed);
      if (!failed) announce('Logged in. Your session key is here.');
    } catch (error) {
      // What a wallet throws is its own: a refusal by its owner, most often.
      setWalletSays(error instanceof Error ? error.message : 'The wallet has not signed.');
    } finally {
      setBusyWith(undefined);
    }
  };

  const users = sample.value?.users ?? [];
  return (
    <div class="log-in" aria-busy={busyWith !== undefined}>
      {users.length > 0 ? (
        <div class="actions">
          {users.map(({ username, password }, index) => (
            <button
              key={username}
              type="button"
              class={index === 0 ? 'primary' : ''}
              disabled={busyWith !== undefined}
              onClick={() => void begin(username, () => logInAs(username, password))}
            >
              {busyWith === username ? 'Logging in …' : `Log in as ${username}`}
            </button>
          ))}
        </div>
      ) : (
        <p class="hint">The demo users are off here. A wallet can sign in.</p>
      )}
      <h3>Or sign in with a wallet</h3>
      <div class="actions">
        {walletOffers.value.map((offer) => (
          <button
            key={offer.id}
            type="button"
            disabled={busyWith !== undefined}
            onClick={() => void begin(offer.id, () => signInWith(offer))}
          >
            {busyWith === offer.id ? 'Signing …' : offer.name}
          </button>
        ))}
      </div>
      <p class="hint">
        A throw-away wallet is a key pair made in this tab. It signs Coinflow’s message as a real one does.
      </p>
      {failure && <Failure answer={failure} />}
      {walletSays && (
        <div class="failure" role="alert">
          <p>{walletSays}</p>
        </div>
      )}
    </div>
  );
}
