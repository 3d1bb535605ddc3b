import { plural } from '../ui/format.js';
import type { AnswerGroup } from './run.js';

/** What many answers come to, in a sentence. */
export function summarise(groups: readonly AnswerGroup[], calls: number | undefined): string {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const letIn = groups
    .filter(({ status }) => status >= 200 && status < 300)
    .reduce((sum, group) => sum + group.count, 0);
  const [only] = groups;
  const answered = count === 1 && only ? `answered ${only.status}` : `${letIn} let in`;
  return `${plural(count, 'request')}, ${answered}. ${describeCalls(calls)}`;
}

export function describeCalls(calls: number | undefined): string {
  if (calls === undefined) return 'How often Coinflow was asked cannot be read now.';
  return calls === 0 ? 'Coinflow was not asked.' : `Coinflow was asked ${calls === 1 ? 'once' : `${calls} times`}.`;
}
