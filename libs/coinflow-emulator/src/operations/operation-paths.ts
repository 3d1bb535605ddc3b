import { OPERATION_NAMES, type EmulatorOperation } from './operations.js';

/** An operation that a request addresses, with the decoded parameters of its path. */
export interface MatchedOperation {
  readonly operation: EmulatorOperation;
  readonly params: Readonly<Record<string, string>>;
}

interface Template {
  operation: EmulatorOperation;
  method: string;
  segments: readonly string[];
}

/** By number of segments. A template with a literal further to the left comes first, as in routers. */
const TEMPLATES = templatesBySize();

/**
 * Finds the operation of a request.
 * @param path the raw path below `/api`, so that an encoded slash stays within its parameter
 */
export function findOperation(method: string, path: string): MatchedOperation | undefined {
  return matches(path).find((match) => match.template.method === method);
}

/** The methods of the operations with this path. */
export function methodsOf(path: string): string[] {
  return [...new Set(matches(path).map(({ template }) => template.method))];
}

function matches(path: string): (MatchedOperation & { template: Template })[] {
  const [empty, ...segments] = path.split('/');
  if (empty !== '') return [];
  return (TEMPLATES.get(segments.length) ?? []).flatMap((template) => {
    const params = paramsOf(template, segments);
    return params ? [{ operation: template.operation, params, template }] : [];
  });
}

function paramsOf(template: Template, segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, expected] of template.segments.entries()) {
    const actual = segments[index];
    if (!isParam(expected)) {
      if (expected !== actual) return undefined;
      continue;
    }
    const value = decoded(actual);
    if (!value) return undefined;
    params[expected.slice(1, -1)] = value;
  }
  return params;
}

function decoded(segment = ''): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function isParam(segment: string): boolean {
  return segment.startsWith('{');
}

function templatesBySize(): ReadonlyMap<number, readonly Template[]> {
  const bySize = new Map<number, Template[]>();
  for (const operation of OPERATION_NAMES) {
    const [method = '', path = ''] = operation.split(' ');
    const segments = path.slice(1).split('/');
    bySize.set(segments.length, [...(bySize.get(segments.length) ?? []), { operation, method, segments }]);
  }
  const order = ({ segments }: Template): string => segments.map((segment) => (isParam(segment) ? '1' : '0')).join('');
  for (const templates of bySize.values()) templates.sort((a, b) => order(a).localeCompare(order(b)));
  return bySize;
}
