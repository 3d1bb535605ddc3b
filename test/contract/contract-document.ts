import { readFileSync } from 'node:fs';
import * as ajvModule from 'ajv/dist/2020.js';
import * as formatsModule from 'ajv-formats';
import type { SentResponse } from '../harness/send.js';

type Path = '/api/auth' | '/api/auth/session-key' | '/api/auth/verify';

interface Answer {
  $ref?: string;
  headers?: Record<string, { schema: object }>;
  content?: Record<string, { schema: object }>;
}

interface Document {
  paths: Record<Path, { get: { responses: Record<string, Answer> } }>;
  components: { responses: Record<string, Answer> };
}

const ID = 'https://coinflow.invalid/openapi.json';
const document = JSON.parse(readFileSync(new URL('coinflow.openapi.json', import.meta.url), 'utf8')) as Document;

// Not in strict mode, because OpenAPI adds keywords that JSON Schema does not know.
const ajv = new ajvModule.Ajv2020({ allErrors: true, strict: false });
addFormats();
ajv.addSchema({ ...document, $id: ID });

/** CommonJS: under Jest the function is the module's default, under Node the default of that. */
function addFormats(): void {
  const plugin = formatsModule.default as unknown as typeof formatsModule.default.default & {
    default?: typeof formatsModule.default.default;
  };
  (plugin.default ?? plugin)(ajv);
}

/** The differences between a response and the document; empty if there are none. */
export function violations(path: Path, { status, headers, text, body }: SentResponse): string[] {
  const responses = document.paths[path].get.responses;
  const key = [String(status), `${Math.floor(status / 100)}XX`].find((known) => responses[known]);
  if (key === undefined) return [`${path} does not answer with ${status}`];
  const { content, headers: described = {} } = resolved(responses[key]!);

  const wrongHeaders = Object.entries(described).flatMap(([name, { schema }]) => {
    const value = headers[name.toLowerCase()];
    return value === undefined ? [] : mistakes(name, schema, value);
  });
  const { schema } = content?.['application/json'] ?? {};
  if (schema === undefined) return [...wrongHeaders, ...(text === '' ? [] : ['there is a body'])];
  // A schema without rules also accepts a missing body.
  if (Object.keys(schema).length === 0 && text === '') return wrongHeaders;
  const type = String(headers['content-type']);
  return [
    ...wrongHeaders,
    ...(/^application\/json(;|$)/.test(type) ? [] : [`the type is ${type}`]),
    ...mistakes('body', schema, body),
  ];
}

function resolved(answer: Answer): Answer {
  return answer.$ref ? document.components.responses[answer.$ref.split('/').at(-1) ?? '']! : answer;
}

function mistakes(what: string, schema: object, value: unknown): string[] {
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${ID}#/`)) as object;
  if (ajv.validate(absolute, value)) return [];
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath} ${message}`);
}
