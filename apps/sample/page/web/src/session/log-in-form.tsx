import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiResponse } from '../api/call-api.js';
import { sample } from '../api/sample.js';
import { announce } from '../ui/announcer.js';
import { Failure } from '../ui/panel.js';
import { walletOffers } from '../wallets/wallet-offers.js';
import { logInAs, signInWith } from './log-in.js';

/** One button for each demo user and each wallet. */
export function LogInForm(): JSX.Element {
  const [busyWith, setBusyWith] = useState<string | undefined>(undefined);
  const [failure, setFailure] = useState<ApiResponse | undefined>(undefined);
  const [walletError, setWalletError] = useState<string | undefined>(undefined);

  const begin = async (name: string, logIn: () => Promise<ApiResponse | undefined>): Promise<void> => {
    setBusyWith(name);
    setFailure(undefined);
    setWalletError(undefined);
    try {
      const failed = await logIn();
      setFailure(failed);
      if (!failed) announce('Logged in. The session key is created.');
    } catch (error) {
      // Wallets throw errors of their own, usually because the user has declined.
      setWalletError(error instanceof Error ? error.message : 'The wallet did not sign the message.');
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
        <p class="hint">The demo users are disabled. Sign in with a wallet.</p>
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
        A temporary wallet is a key pair that this tab generates. It signs the message from Coinflow as a real wallet
        does.
      </p>
      {failure && <Failure response={failure} />}
      {walletError && (
        <div class="failure" role="alert">
          <p>{walletError}</p>
        </div>
      )}
    </div>
  );
}
