import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../api/answer.js';
import { announce } from '../ui/announcer.js';
import { Failure } from '../../../../web/src/ui/failure.js';
import { subjectName } from '../ui/format.js';
import { Panel } from '../../../../web/src/ui/panel.js';
import { ExpiryBar } from '../../../../web/src/session/expiry-bar.js';
import { KeyRow } from '../../../../web/src/session/key-row.js';
import { LogInForm } from '../../../../web/src/session/log-in-form.js';
import { renewSession } from './log-in.js';
import { isRevoked, logOut, session, type Session } from './session.js';

export function SessionPanel(): JSX.Element {
  const current = session.value;
  return (
    <Panel
      id="session"
      title="Session"
      about={current ? undefined : 'Log in, and the merchant obtains a Coinflow session key for you.'}
    >
      {current ? <OpenSession session={current} /> : <LogInForm />}
    </Panel>
  );
}

function OpenSession({
  session: { subject, merchantId, keys, way, renew },
}: {
  readonly session: Session;
}): JSX.Element {
  const [failure, setFailure] = useState<Answer | undefined>(undefined);
  const act = async (action: () => Promise<Answer | undefined>, done: string): Promise<void> => {
    const failed = await action();
    setFailure(failed);
    if (!failed) announce(done);
  };
  return (
    <>
      <p class="who">
        <strong title={subject.kind === 'wallet' ? subject.wallet : undefined}>{subjectName(subject)}</strong> {way}, at{' '}
        <strong>{merchantId}</strong>
      </p>
      <ExpiryBar session={{ keys }} isRevoked={isRevoked.value} />
      <dl class="keys">
        <KeyRow
          name="Attested key"
          text={keys.attestedKey}
          about="For this merchant’s API: it knows its own tag, on any instance, and need not ask Coinflow."
          missing="None: the merchant has no sealKeys."
        />
        <KeyRow name="Plain key" text={keys.key} about="For Coinflow and its widgets, as Coinflow made it." />
      </dl>
      <div class="actions">
        {renew && (
          <button type="button" onClick={() => void act(renewSession, 'You have a key.')}>
            {isRevoked.value ? 'Get a new key' : 'Ask for the key again'}
          </button>
        )}
        <button type="button" onClick={() => void act(logOut, 'Logged out. The key is revoked.')}>
          Log out
        </button>
      </div>
      {failure && <Failure answer={failure} />}
    </>
  );
}
