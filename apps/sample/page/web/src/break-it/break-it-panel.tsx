import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../api/answer.js';
import { sample } from '../api/sample.js';
import { coinflow } from '../live/live.js';
import { isRevoked, revokeSession, session } from '../session/session.js';
import { announce } from '../ui/announcer.js';
import { Failure } from '../../../../web/src/ui/failure.js';
import { Panel } from '../../../../web/src/ui/panel.js';
import { Switch } from '../../../../web/src/ui/switch.js';
import { switchFailure } from './coinflow-switches.js';
import { CoinflowSwitches } from '../../../../web/src/break-it/coinflow-switches-view.js';
import { floodWithInvalidKeys, isFlooding } from './flood.js';
import { isShopping, keepShopping } from './shopper.js';
import { WhatUsersFeel } from '../../../../web/src/break-it/what-users-feel.js';

export function BreakItPanel(): JSX.Element {
  const settings = coinflow.value ?? sample.value?.coinflow;
  return (
    <Panel id="break" title="Break it" about="See what users feel while Coinflow, or somebody, misbehaves.">
      {settings ? (
        <CoinflowSwitches settings={settings} />
      ) : (
        <p class="note">
          This is the real Coinflow: it cannot be broken from here. The emulator can; it comes with npm start.
        </p>
      )}
      {switchFailure.value && <Failure answer={switchFailure.value} />}
      <div class="switches">
        <Switch
          name="Keep shopping: you, twice a second"
          isOn={isShopping.value}
          isDisabled={!session.value}
          onSwitch={keepShopping}
        />
        {settings && <Switch name="Flood it with junk keys" isOn={isFlooding.value} onSwitch={floodWithInvalidKeys} />}
        <RevokeButton />
      </div>
      {!session.value && <p class="hint">Log in to keep shopping.</p>}
      <WhatUsersFeel />
    </Panel>
  );
}

/** The merchant ends the session: a stolen device, or a logout elsewhere. */
function RevokeButton(): JSX.Element {
  const [failure, setFailure] = useState<Answer | undefined>(undefined);
  const revoke = async (): Promise<void> => {
    const failed = await revokeSession();
    setFailure(failed);
    if (!failed) announce('Your key is revoked.');
  };
  return (
    <>
      <button type="button" disabled={!session.value || isRevoked.value} onClick={() => void revoke()}>
        Revoke your key
      </button>
      {failure && <Failure answer={failure} />}
    </>
  );
}
