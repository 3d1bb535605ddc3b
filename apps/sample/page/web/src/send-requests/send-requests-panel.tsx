import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { revokedKey, session } from '../session/session.js';
import { Choices } from '../ui/controls.js';
import { Failure, Panel } from '../ui/panel.js';
import { formatCount } from '../ui/format.js';
import { KEY_KIND_ORDER, KEY_KINDS, blockedReason } from './key-kinds.js';
import { ROUTES } from './routes.js';
import { RunResultView } from './run-result.js';
import { failure, keyKind, progress, result, route, stopRun, sendRequests, type Progress } from './send-requests.js';

const COUNTS = [1, 100, 1_000];

export function SendRequestsPanel(): JSX.Element {
  const running = progress.value;
  const blocked = blockedReason(keyKind.value, session.value, revokedKey.value);
  return (
    <Panel
      id="requests"
      title="Send requests"
      about="Call the merchant’s routes with a valid or an invalid session key."
    >
      <Choices
        legend="Route"
        options={ROUTES.map((value) => ({ value, name: `${value.method} ${value.path}` }))}
        chosen={route.value}
        onChoose={(chosen) => (route.value = chosen)}
        about={route.value.about}
      />
      <KeyChoices />
      <div class="actions send">
        {COUNTS.map((count) => (
          <button
            key={count}
            type="button"
            class="primary"
            disabled={running !== undefined || blocked !== undefined}
            onClick={() => void sendRequests(count)}
          >
            Send {formatCount(count)}
          </button>
        ))}
      </div>
      {blocked && <p class="hint">{blocked}</p>}
      {running && running.count > 1 && <Running progress={running} />}
      {failure.value && <Failure response={failure.value} />}
      {result.value ? (
        <RunResultView result={result.value} />
      ) : (
        <p class="empty">The responses appear here: status, error code and meaning.</p>
      )}
    </Panel>
  );
}

function KeyChoices(): JSX.Element {
  const group = useId();
  return (
    <fieldset class="choices">
      <legend>Session key</legend>
      <div class="options">
        {KEY_KIND_ORDER.map((kind) => (
          <label
            key={kind}
            class={`option ${blockedReason(kind, session.value, revokedKey.value) ? 'is-blocked' : ''}`}
          >
            <input
              type="radio"
              name={group}
              checked={keyKind.value === kind}
              onChange={() => (keyKind.value = kind)}
              aria-describedby={`${group}-about`}
            />
            <span>{KEY_KINDS[kind].name}</span>
          </label>
        ))}
      </div>
      <p class="hint" id={`${group}-about`}>
        {KEY_KINDS[keyKind.value].about}
      </p>
    </fieldset>
  );
}

function Running({ progress: { count, done } }: { readonly progress: Progress }): JSX.Element {
  return (
    <div class="running">
      <progress max={count} value={done} aria-label="Responses received" />
      <span class="figures">
        {formatCount(done)} of {formatCount(count)}
      </span>
      <button type="button" class="quiet" onClick={stopRun}>
        Stop
      </button>
    </div>
  );
}
