import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiResponse } from '../api/call-api.js';
import { announce } from '../ui/announcer.js';
import { Failure, Panel } from '../ui/panel.js';
import { CopyButton } from '../ui/controls.js';
import { shorten, subjectName } from '../ui/format.js';
import { ExpiryBar } from './expiry-bar.js';
import { LogInForm } from './log-in-form.js';
import { renewSession } from './log-in.js';
import { isRevoked, logOut, session, type Session } from './session.js';

export function SessionPanel(): JSX.Element {
  const current = session.value;
  return (
    <Panel id="session" title="Session" about={current ? undefined : 'Log in to create a Coinflow session key.'}>
      {current ? <OpenSession session={current} /> : <LogInForm />}
    </Panel>
  );
}

function OpenSession({
  session: { subject, merchantId, keys, loginMethod, renew },
}: {
  readonly session: Session;
}): JSX.Element {
  const [failure, setFailure] = useState<ApiResponse | undefined>(undefined);
  const act = async (action: () => Promise<ApiResponse | undefined>, done: string): Promise<void> => {
    const failed = await action();
    setFailure(failed);
    if (!failed) announce(done);
  };
  return (
    <>
      <p class="who">
        <strong title={subject.kind === 'wallet' ? subject.wallet : undefined}>{subjectName(subject)}</strong> at{' '}
        <strong>{merchantId}</strong>, {loginMethod}
      </p>
      <ExpiryBar session={{ keys }} isRevoked={isRevoked.value} />
      <dl class="keys">
        <KeyRow
          name="Attested key"
          text={keys.attestedKey}
          about="For this API. Every replica verifies it without a call to Coinflow."
          missing="None: set sealKeys."
        />
        <KeyRow name="Plain key" text={keys.key} about="For Coinflow and its widgets, as Coinflow created it." />
      </dl>
      <div class="actions">
        {renew && (
          <button type="button" onClick={() => void act(renewSession, 'The session key is renewed.')}>
            {isRevoked.value ? 'Get a new key' : 'Request the key again'}
          </button>
        )}
        <button type="button" onClick={() => void act(logOut, 'Logged out. The key is revoked.')}>
          Log out
        </button>
      </div>
      {failure && <Failure response={failure} />}
    </>
  );
}

interface KeyRowProps {
  readonly name: string;
  readonly text: string | undefined;
  readonly about: string;
  readonly missing?: string;
}

function KeyRow({ name, text, about, missing }: KeyRowProps): JSX.Element {
  return (
    <div class="key-row">
      <dt>{name}</dt>
      <dd>
        {text === undefined ? (
          <span>{missing}</span>
        ) : (
          <span class="key-text">
            <code>{shorten(text)}</code>
            <CopyButton what={name.toLowerCase()} read={() => text} />
          </span>
        )}
        <span class="hint">{about}</span>
      </dd>
    </div>
  );
}
