import { VARIABLES } from './variables.js';
import { lineEndingOf } from './workspace.js';

/** Values with which the application runs against the emulator. The other variables are optional. */
const EMULATOR_VALUES: Readonly<Record<string, string>> = {
  COINFLOW_ENV: 'local',
  COINFLOW_BASE_URL: 'http://127.0.0.1:4010',
  COINFLOW_MERCHANT_ID: 'demo-merchant',
  COINFLOW_API_KEY: 'coinflow_emulator_key_of_demo_merchant',
};

const HEADING =
  '# nestjs-coinflow-auth. These values are for the local emulator (npx coinflow-emulator). Replace them with your own.';

/**
 * Adds the variables that a `.env.example` does not mention, also not in a comment.
 * @param text the file, or `undefined` if there is none
 */
export function addVariables(text = ''): string {
  const missing = VARIABLES.filter(({ name }) => !new RegExp(`^[#\\s]*(?:export\\s+)?${name}\\s*=`, 'm').test(text));
  if (missing.length === 0) return text;
  const lines = [HEADING, ...missing.flatMap(linesOf)];
  const before = text.trimEnd();
  return [...(before === '' ? [] : [before, '']), ...lines, ''].join(lineEndingOf(text));
}

function linesOf({ name, meaning }: (typeof VARIABLES)[number]): string[] {
  const value = EMULATOR_VALUES[name];
  return [`# ${meaning}`, value === undefined ? `# ${name}=` : `${name}=${value}`];
}
