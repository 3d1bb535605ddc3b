import type { JSX } from 'preact';
import { fateOfStatus } from '../live/decision-kinds.js';
import { Glyph } from '../../../../web/src/live/glyph.js';
import { formatCount, formatMs, plural } from '../ui/format.js';
import { KEY_KINDS } from './key-kinds.js';
import { meaningOf } from './meaning.js';
import type { AnswerGroup } from './run.js';
import { describeCalls } from './summary.js';
import type { RunResult } from './try-it.js';

const SHOWN_CHARACTERS = 600;

export function RunResultView({ result }: { readonly result: RunResult }): JSX.Element {
  const { route, keyKind, count, groups, calls, tookMs, medianMs, last } = result;
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
        {count === 1 ? formatMs(tookMs) : `${formatMs(tookMs)} in all, one usually ${formatMs(medianMs)}`}
      </p>
      {last.body !== undefined && (
        <details class="body" open={count === 1}>
          <summary>The {count === 1 ? '' : 'last '}answer</summary>
          <pre tabIndex={0}>{JSON.stringify(last.body, undefined, 2).slice(0, SHOWN_CHARACTERS)}</pre>
        </details>
      )}
    </div>
  );
}

function Group({ group, isOne }: { readonly group: AnswerGroup; readonly isOne: boolean }): JSX.Element {
  const { status, code, count } = group;
  return (
    <li class="group">
      <Glyph fate={fateOfStatus(status)} />
      <span class="group-status">
        {!isOne && <span class="figures">{formatCount(count)} × </span>}
        <strong class="figures">{status === 0 ? 'no answer' : status}</strong> {code && <code>{code}</code>}
      </span>
      <span class="group-meaning">{meaningOf(status, code)}</span>
    </li>
  );
}
