import { safeText } from '../util/secrets.js';

/** How long a client should wait where nothing says when to try again. */
export const RETRY_AFTER_MS = 5_000;
const MIN_RETRY_AFTER_MS = 1_000;
const MAX_RETRY_AFTER_MS = 60_000;
/** Coinflow's errors are JSON objects with their message in one of these fields. */
const MESSAGE_FIELDS = ['message', 'details', 'msg', 'error', 'reason'] as const;
/** The first one can say little: `{"message":"Error Processing your request","details":"Authorization header not set"}`. */
const MAX_TEXTS = 2;
/** Sent by a gateway, or by Coinflow, when the request was not processed. */
const OUTAGE_STATUSES = new Set([502, 503, 504]);

interface RawResponse {
  status: number;
  headers: object;
  data: unknown;
}

/** A response from the URL of Coinflow. It is read defensively: a gateway or another server may have sent it. */
export class CoinflowResponse {
  readonly status: number;
  /** Whether Coinflow itself sent it: JSON or an empty body. Anything else is a gateway's, and says nothing about a key. */
  readonly isFromCoinflow: boolean;

  readonly #name: string;
  readonly #headers: object;
  readonly #json: unknown;
  readonly #secrets: () => readonly string[];

  /**
   * @param name the method and the path of the request, for messages
   * @param secrets the values that were sent and must not appear in a message
   */
  constructor(name: string, { status, headers, data }: RawResponse, secrets: () => readonly string[]) {
    this.status = status;
    this.#name = name;
    this.#headers = headers;
    this.#secrets = secrets;
    const body = typeof data === 'string' ? data.trim() : '';
    this.#json = parseJson(body);
    this.isFromCoinflow = body === '' || this.#json !== undefined;
  }

  /** The JSON in the body; `undefined` if it is empty or not JSON. */
  get json(): unknown {
    return this.#json;
  }

  /** @returns a non-empty string of the JSON object in the body */
  field(name: string): string | undefined {
    const value = (Object(this.#json) as Record<string, unknown>)[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** Coinflow's id of the response, for its support; without secrets. */
  get debugId(): string | undefined {
    const debugId = this.field('debugId');
    return debugId === undefined ? undefined : safeText(debugId, this.#secrets());
  }

  /** How many milliseconds `Retry-After` asks to wait, in either of its forms; `undefined` without a valid one. */
  get requestedWaitMs(): number | undefined {
    const value = this.#header('retry-after');
    if (value === undefined) return undefined;
    const waitMs = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - this.#sentAt();
    return Number.isNaN(waitMs) ? undefined : Math.max(waitMs, 0);
  }

  /** The `Retry-After` of our own answer, in milliseconds: the requested wait, or 5 s; from 1 s to 60 s. */
  get retryAfterMs(): number {
    const waitMs = this.requestedWaitMs ?? RETRY_AFTER_MS;
    return Math.min(Math.max(waitMs, MIN_RETRY_AFTER_MS), MAX_RETRY_AFTER_MS);
  }

  /** The header `Date`; `undefined` for a response from an HTTP cache (`Age`), whose `Date` is in the past. */
  get date(): string | undefined {
    return this.#header('age') === undefined ? this.#header('date') : undefined;
  }

  /** For messages of errors: the request, the status, Coinflow's message and its `debugId`, without secrets. */
  describe(): string {
    const texts = new Set(MESSAGE_FIELDS.flatMap((name) => this.field(name) ?? []));
    const secrets = this.#secrets();
    const text = [...texts]
      .slice(0, MAX_TEXTS)
      .map((one) => safeText(one, secrets))
      .join(': ');
    const { debugId } = this;
    return [
      `${this.#name} returned ${this.status}`,
      this.isFromCoinflow ? '' : ' with a body that is not JSON',
      text ? `: "${text}"` : '',
      debugId ? ` (debugId ${debugId})` : '',
    ].join('');
  }

  /** By the sender's clock if the response has a `Date`, because a `Retry-After` date is by that clock, too. */
  #sentAt(): number {
    return Date.parse(this.date ?? '') || Date.now();
  }

  #header(name: string): string | undefined {
    const value = (this.#headers as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  }
}

/** An attempt that ended without a complete response. */
export class NoResponse {
  /**
   * `timeout`: the time limit of the call was reached. `connection`: the connection failed or broke. `aborted`: the caller
   * aborted the call.
   */
  readonly reason: 'timeout' | 'connection' | 'aborted';
  /** The error code of Node.js, such as `ECONNRESET`. */
  readonly code: string;
  /** Whether a byte of the request can have reached the server, which may then have processed it. */
  readonly isSent: boolean;

  constructor(reason: NoResponse['reason'], code: string, isSent = true) {
    this.reason = reason;
    this.code = code;
    this.isSent = isSent;
  }
}

/** The outcome of one attempt. */
export type Outcome = CoinflowResponse | NoResponse;

/** Whether the request was not processed, so that a retry can help. After a timeout no time is left for a retry. */
export function isRetryable(outcome: Outcome): boolean {
  return outcome instanceof NoResponse ? outcome.reason === 'connection' : OUTAGE_STATUSES.has(outcome.status);
}

/** Whether an outcome shows neither that the endpoint works nor that it fails. */
export function isInconclusive(outcome: Outcome): boolean {
  return outcome instanceof NoResponse && outcome.reason === 'aborted';
}

/**
 * Whether an outcome counts as a failure of the endpoint: no response, a 5xx, or a 2xx or 3xx that is not a Coinflow
 * response. A 4xx never counts, because it may be about this one request (a firewall's 403, a 413, a 431). Neither does
 * Coinflow's own 500 or 501: otherwise one key that makes Coinflow fail could stop the calls for all other keys.
 */
export function isEndpointFailure(outcome: Outcome): boolean {
  if (outcome instanceof NoResponse) return true;
  const { status, isFromCoinflow } = outcome;
  if (status >= 400 && status < 500) return false;
  return !isFromCoinflow || isRedirect(status) || status > 501;
}

/** Coinflow's API sends no redirects: a gateway or a login page is in its place. */
export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
