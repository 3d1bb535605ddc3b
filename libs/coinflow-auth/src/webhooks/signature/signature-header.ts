/** The header in which Coinflow signs a webhook. */
export const COINFLOW_SIGNATURE_HEADER = 'coinflow-signature';

/** Headers of a request: Node's, those of `fetch`, or any object with names in any case. */
export type WebhookHeaders =
  Readonly<Record<string, string | readonly string[] | undefined>> | { get(name: string): string | null };

/** What a `Coinflow-Signature` says. */
export interface SignatureParts {
  /** As it was written: it is part of what is signed. */
  readonly timestamp: string;
  /** The `v1` that can be signatures at all; none of them need be. */
  readonly signatures: readonly Buffer[];
}

/** 12 digits are 30,000 years: what is longer is no time, and would lose precision as a number. */
const TIMESTAMP = /^\d{1,12}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

/**
 * Reads `t=1717012345,v1=<64 hex>`: parts in any order, several `v1`, others ignored.
 * @returns nothing when it has not exactly one time, or no `v1`
 */
export function parseSignatureHeader(header: string): SignatureParts | undefined {
  const parts = header.split(',').map((part): [string, string] => {
    const at = part.indexOf('=');
    return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
  const valuesOf = (name: string): string[] => parts.filter(([key]) => key === name).map(([, value]) => value);
  const [timestamp, ...others] = valuesOf('t');
  const signatures = valuesOf('v1');
  if (timestamp === undefined || others.length > 0 || !TIMESTAMP.test(timestamp)) return undefined;
  if (signatures.length === 0) return undefined;
  return {
    timestamp,
    signatures: signatures.filter((one) => SIGNATURE.test(one)).map((one) => Buffer.from(one, 'hex')),
  };
}

/** A header's value; one that came more than once is joined, as HTTP has it. */
export function readHeader(headers: WebhookHeaders, name: string): string | undefined {
  if (isFetchHeaders(headers)) return headers.get(name) ?? undefined;
  const values = Object.entries(headers).flatMap(([key, value]) =>
    key.toLowerCase() === name && value !== undefined ? value : [],
  );
  return values.length > 0 ? values.join(',') : undefined;
}

function isFetchHeaders(headers: WebhookHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === 'function';
}
