import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiResponse } from '../api/call-api.js';
import { sample } from '../api/sample.js';
import { emulator } from '../live/live-state.js';
import { isRevoked, revokeSession, session } from '../session/session.js';
import { announce } from '../ui/announcer.js';
import { Failure, Panel } from '../ui/panel.js';
import { Switch } from '../ui/controls.js';
import { EmulatorSettingsView } from './emulator-settings-view.js';
import { changeFailure } from './emulator-settings.js';
import { isFlooding, setFlooding } from './invalid-key-flood.js';
import { TrafficView } from './traffic-view.js';
import { isSendingTraffic, setSendingTraffic } from './user-traffic.js';

export function FaultInjectionPanel(): JSX.Element {
  const settings = emulator.value ?? sample.value?.coinflow;
  return (
    <Panel
      id="faults"
      title="Fault injection"
      about="Make Coinflow fail, flood the API with invalid keys or revoke your key, and see what your requests get."
    >
      {settings ? (
        <EmulatorSettingsView settings={settings} />
      ) : (
        <p class="note">
          This sample uses the real Coinflow, which cannot be changed here. For the emulator, run npm start without a
          Coinflow account.
        </p>
      )}
      {changeFailure.value && <Failure response={changeFailure.value} />}
      <div class="switches">
        <Switch
          name="Send your requests (2 per second)"
          isOn={isSendingTraffic.value}
          isDisabled={!session.value}
          onSwitch={setSendingTraffic}
        />
        {settings && <Switch name="Flood with invalid keys" isOn={isFlooding.value} onSwitch={setFlooding} />}
        <RevokeButton />
      </div>
      {!session.value && <p class="hint">Log in to send your requests.</p>}
      <TrafficView />
    </Panel>
  );
}

/** Ends the session as a merchant does after a theft or a logout on another device. */
function RevokeButton(): JSX.Element {
  const [failure, setFailure] = useState<ApiResponse | undefined>(undefined);
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
      {failure && <Failure response={failure} />}
    </>
  );
}
