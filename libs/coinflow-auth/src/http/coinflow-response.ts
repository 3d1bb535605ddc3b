import { safeText } from '../util/safe-text.js';

const DEFAULT_RETRY_AFTER_MS = 5_000;
const MIN_RETRY_AFTER_MS = 1_000;
const MAX_RETRY_AFTER_MS = 60_000;
/** Coinflow's errors are JSON with their text under one of these. */
const TEXT_FIELDS = ['message', 'details', 'msg', 'error', 'reason'] as const;

interface RawAnswer {
  status: number;
  headers: object;
  data: unknown;
}

/** One answer of Coinflow, or of whatever stands where Coinflow should be. Read defensively: it may be anything. */
export class CoinflowResponse {
  readonly status: number;
  /** In whose voice: `empty` and `json` are Coinflow's; anything else is a gateway's, and says nothing about a session key. */
  readonly voice: 'empty' | 'json' | 'foreign';

  readonly #path: string;
  readonly #headers: object;
  readonly #json: unknown;
  readonly #secrets: readonly string[];

  constructor(path: string, { status, headers, data }: RawAnswer, secrets: readonly string[]) {
    this.status = status;
    this.#path = path;
    this.#headers = headers;
    this.#secrets = secrets;
    const text = typeof data === 'string' ? data.trim() : '';
    this.#json = parseJson(text);
    this.voice = text === '' ? 'empty' : this.#json === undefined ? 'foreign' : 'json';
  }

  /** Whether it is Coinflow that speaks, and not a gateway before it. */
  get isCoinflows(): boolean {
    return this.voice !== 'foreign';
  }

  /** A text that the answer's JSON object has under this name. */
  field(name: string): string | undefined {
    const value = (Object(this.#json) as Record<string, unknown>)[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** How long it asks to wait, by `Retry-After` in either form; `undefined` when it does not say. */
  get requestedWaitMs(): number | undefined {
    const value = this.#header('retry-after');
    if (value === undefined) return undefined;
    const waitMs = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - this.#sentAt();
    return Number.isNaN(waitMs) ? undefined : Math.max(waitMs, 0);
  }

  /** For those who ask when to come back: what it asks for, 5 s when it does not say, 1 s to 60 s. */
  get retryAfterMs(): number {
    const waitMs = this.requestedWaitMs ?? DEFAULT_RETRY_AFTER_MS;
    return Math.min(Math.max(waitMs, MIN_RETRY_AFTER_MS), MAX_RETRY_AFTER_MS);
  }

  /** Its `Date`; none of an answer that a cache has kept (`Age`), since that is of another time. */
  get date(): string | undefined {
    return this.#header('age') === undefined ? this.#header('date') : undefined;
  }

  /** For an error's message: what was asked, the status, Coinflow's own words and the id its support asks for; no secret. */
  describe(): string {
    const text = TEXT_FIELDS.map((name) => this.field(name)).find((value) => value !== undefined);
    const debugId = this.field('debugId');
    return [
      `GET ${this.#path} was answered ${this.status}`,
      this.voice === 'foreign' ? ' with something that is not JSON' : '',
      text ? `: “${safeText(text, this.#secrets)}”` : '',
      debugId ? ` (debugId ${safeText(debugId, this.#secrets)})` : '',
    ].join('');
  }

  /** By the clock that its other dates go by, where it says so: ours may be wrong. */
  #sentAt(): number {
    return Date.parse(this.date ?? '') || Date.now();
  }

  #header(name: string): string | undefined {
    const value = (this.#headers as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
