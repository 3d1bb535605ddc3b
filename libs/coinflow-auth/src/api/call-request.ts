import { isIP } from 'node:net';
import { CoinflowInvalidArgumentError } from '../errors/coinflow-auth.errors.js';
import { headerValueProblem } from '../util/header-value.js';

/** The methods of Coinflow's operations. */
export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A value of a path parameter. It is encoded. */
export type PathValue = string | number;
/** A value of a query parameter. It is encoded; `undefined` is left out. A list is repeated: `status=a&status=b`. */
export type QueryValue = string | number | boolean | undefined | readonly (string | number | boolean)[];

/** The options of a call that describe its content. */
export interface ContentOptions {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly clientIp?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly submerchantId?: string | undefined;
}

/** It begins with a literal: no value of a parameter can lead to `/auth`. */
const TEMPLATE = /^\/[\w.~-]+(?:\/(?:[\w.~-]+|\{\w+\}))*$/;
/**
 * Values that a server or a gateway on the way could take for another path, also if it decodes several times. `..;` is `..` to servers
 * that cut off parameters of a segment.
 */
const UNSAFE = /[/\\\p{Cc}]|%(?:[\da-f]{2}|u)|^\.{1,2}(?:;|$)/iu;
const MAX_DEVICE_ID_LENGTH = 1_024;
/** Shorter values are currencies, countries and amounts, which occur in any message. */
const MIN_REDACTED_LENGTH = 5;
const MAX_REDACTED_VALUES = 1_000;

/** Authentication is the job of `CoinflowAuthService`; card numbers go from the browser to the vault. */
const NOT_CALLED: readonly [prefix: RegExp, rule: string][] = [
  [/^\/auth(?:\/|$)/i, 'must not be of /auth: use CoinflowAuthService to create and verify session keys'],
  [/^\/tokenize(?:\/|$)/i, 'must not be of /tokenize: the card vault takes card numbers from the browser'],
  [/^\/api(?:\/|$)/i, 'must be below /api: leave out "/api"'],
];

/** @throws {@link CoinflowInvalidArgumentError} when it is not a template such as `/customer/{customerId}` */
export function checkTemplate(path: unknown): string {
  if (typeof path !== 'string' || !TEMPLATE.test(path) || path.split('/').some((part) => /^\.+$/.test(part))) {
    throw new CoinflowInvalidArgumentError(
      'path',
      'must be a path template such as /checkout/card/{merchantId}; pass its values as params and query',
    );
  }
  const [, rule] = NOT_CALLED.find(([prefix]) => prefix.test(path)) ?? [];
  if (rule !== undefined) throw new CoinflowInvalidArgumentError('path', rule);
  return path;
}

/**
 * Fills in the path and adds the query.
 * @param merchantId the value of `{merchantId}` unless `params` has it
 * @throws {@link CoinflowInvalidArgumentError} for a value that is missing, unknown or would lead to another path
 */
export function buildPath(template: string, { params, query }: ContentOptions, merchantId: string): string {
  const given = record('params', params);
  const names = new Set(Array.from(template.matchAll(/\{(\w+)\}/g), ([, name = '']) => name));
  const unknown = Object.keys(given).find((name) => !names.has(name));
  if (unknown !== undefined) {
    // The message does not contain the name, because a client may have chosen it.
    const allowed = names.size === 0 ? 'be left out: the path has none' : `have only ${[...names].join(', ')}`;
    throw new CoinflowInvalidArgumentError('params', `must ${allowed}`);
  }
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === 'merchantId' && !Object.hasOwn(given, name) ? merchantId : given[name];
    return encodeSegment(name, value);
  });
  return `/api${path}${buildQuery(record('query', query))}`;
}

function encodeSegment(name: string, value: unknown): string {
  const argument = `params.${name}`;
  const isText = typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
  const text = isText ? String(value) : '';
  if (text === '') throw new CoinflowInvalidArgumentError(argument, 'must be a string that is not empty, or a number');
  if (UNSAFE.test(text)) {
    throw new CoinflowInvalidArgumentError(
      argument,
      'must not contain a slash, a backslash, or anything that leaves the path, and must not be encoded',
    );
  }
  return encode(argument, text);
}

function buildQuery(query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values
      .filter((one) => one !== undefined)
      .map((one) => {
        if (typeof one === 'string' || typeof one === 'boolean' || (typeof one === 'number' && Number.isFinite(one))) {
          return `${encode('query', name)}=${encode('query', String(one))}`;
        }
        throw new CoinflowInvalidArgumentError(
          'query',
          'must have strings, numbers, booleans, and lists of them as its values',
        );
      });
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** Half of a surrogate pair cannot be encoded. */
function encode(argument: string, text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new CoinflowInvalidArgumentError(argument, 'must be valid Unicode');
  }
}

/** @throws {@link CoinflowInvalidArgumentError} for a value that cannot be sent */
export function buildHeaders({ clientIp, deviceId, submerchantId }: ContentOptions): Record<string, string> {
  // In JavaScript it may have any type, and `isIP()` converts it.
  if (clientIp !== undefined && !(typeof clientIp === 'string' && isIP(clientIp))) {
    throw new CoinflowInvalidArgumentError('clientIp', 'must be an IPv4 or IPv6 address');
  }
  assertHeaderValue('deviceId', deviceId, MAX_DEVICE_ID_LENGTH);
  assertHeaderValue('submerchantId', submerchantId);
  return {
    ...(clientIp !== undefined && { 'x-coinflow-client-ip': clientIp }),
    ...(deviceId !== undefined && { 'x-device-id': deviceId }),
    ...(submerchantId !== undefined && { 'x-coinflow-submerchant-id': submerchantId }),
  };
}

function assertHeaderValue(argument: string, value: unknown, maxLength?: number): void {
  const rule = maxLength && `must be 1 to ${maxLength} visible ASCII characters without leading or trailing whitespace`;
  const problem = value === undefined ? undefined : headerValueProblem(value, maxLength, rule || undefined);
  if (problem) throw new CoinflowInvalidArgumentError(argument, problem);
}

/** @throws {@link CoinflowInvalidArgumentError} for a body that is not JSON, and for one that the method does not have */
export function buildBody(method: ApiMethod, body: unknown): string | undefined {
  if (body === undefined) return undefined;
  if (method === 'GET') throw new CoinflowInvalidArgumentError('body', 'must not be given for GET');
  let text: string | undefined;
  try {
    text = JSON.stringify(body);
  } catch {
    // The message of the error can contain a part of the body.
  }
  if (text === undefined) throw new CoinflowInvalidArgumentError('body', 'must be a value that JSON can represent');
  return text;
}

/** The values of a call that a message of Coinflow may repeat, and that no log may show: the longest ones first. */
export function valuesIn(content: unknown): string[] {
  const values = new Set<string>();
  const left = [content];
  for (const value of left) {
    if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) left.push(one);
    else if (typeof value !== 'string' && typeof value !== 'number') continue;
    else if (String(value).length >= MIN_REDACTED_LENGTH) values.add(String(value));
  }
  return [...values].sort((one, other) => other.length - one.length).slice(0, MAX_REDACTED_VALUES);
}

function record(argument: string, value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CoinflowInvalidArgumentError(argument, 'must be an object');
}
