import type { JSX } from 'preact';
import { outcomeOfStatus } from '../live/decision-groups.js';
import { Glyph } from '../live/glyph.js';
import { formatCount, formatMs, plural } from '../ui/format.js';
import { KEY_KINDS } from './key-kinds.js';
import { describeCalls, meaningOf } from './result-texts.js';
import type { ResponseGroup } from './run.js';
import type { RunResult } from './send-requests.js';

const MAX_BODY_CHARACTERS = 600;

export function RunResultView({ result }: { readonly result: RunResult }): JSX.Element {
  const { route, keyKind, count, groups, calls, totalMs, p50Ms, p90Ms, lastResponse } = result;
  return (
    <div class="result">
      <p class="result-head">
        <strong class="figures">{plural(count, 'request')}</strong> to{' '}
        <code>
          {route.method} {route.path}
        </code>
        , key: {KEY_KINDS[keyKind].name.toLowerCase()}. <strong>{describeCalls(calls)}</strong>
      </p>
      <ul class="groups">
        {groups.map((group) => (
          <Group key={`${group.status} ${group.code ?? ''}`} group={group} isOne={count === 1} />
        ))}
      </ul>
      <p class="hint figures">
        {count === 1
          ? `Latency ${formatMs(totalMs)}`
          : `p50 / p90 latency ${formatMs(p50Ms)} / ${formatMs(p90Ms)}, total ${formatMs(totalMs)}`}
      </p>
      {lastResponse.body !== undefined && (
        <details class="body" open={count === 1}>
          <summary>{count === 1 ? 'Response' : 'Last response'}</summary>
          <pre tabIndex={0}>{JSON.stringify(lastResponse.body, undefined, 2).slice(0, MAX_BODY_CHARACTERS)}</pre>
        </details>
      )}
    </div>
  );
}

function Group({ group, isOne }: { readonly group: ResponseGroup; readonly isOne: boolean }): JSX.Element {
  const { status, code, count } = group;
  return (
    <li class="group">
      <Glyph outcome={outcomeOfStatus(status)} />
      <span class="group-status">
        {!isOne && <span class="figures">{formatCount(count)} × </span>}
        <strong class="figures">{status === 0 ? 'no response' : status}</strong> {code && <code>{code}</code>}
      </span>
      <span class="group-meaning">{meaningOf(status, code)}</span>
    </li>
  );
}
