import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { RAW_BODY_LINE } from './webhook-request.js';

type JsonParser = (request: object, body: unknown, done: (error: unknown) => void) => unknown;

/** As much of the two frameworks as is looked at. */
interface Framework {
  router?: { stack?: { name?: string; handle: JsonParser }[] };
}

const BODY = Buffer.from('{}');
const warned = new WeakSet<object>();

/** Warns once for each application whose parser of JSON is seen to keep no raw body: by showing it a body. */
export function warnWithoutRawBody({ httpAdapter }: Pick<HttpAdapterHost, 'httpAdapter'>): void {
  if (!httpAdapter || warned.has(httpAdapter)) return;
  warned.add(httpAdapter);
  const framework = httpAdapter.getInstance<Framework>();
  const probe = httpAdapter.getType() === 'fastify' ? probeFastify : probeExpress;
  probe(framework, () => {
    new Logger('CoinflowWebhooks').warn(
      `There is a webhook route, but the application keeps no raw body, over which webhooks are signed: each will be answered 500. Create it with ${RAW_BODY_LINE}`,
    );
  });
}

/** A parser that is not Nest's, or none, is not seen here; the first webhook is answered 500 then. */
function probeExpress({ router }: Framework, onMissing: () => void): void {
  const parser = router?.stack?.find(({ name }) => name === 'jsonParser')?.handle;
  if (!parser) return;
  const headers = { 'content-type': 'application/json', 'content-length': String(BODY.length) };
  const request = Object.assign(Readable.from([BODY]), { headers });
  parser(request, {}, () => {
    if (!('rawBody' in request)) onMissing();
  });
}

function probeFastify(framework: Framework, onMissing: () => void): void {
  const parsers = symbolOf<{ customParsers?: Map<string, { fn?: JsonParser }> }>(
    framework,
    'fastify.contentTypeParser',
  );
  const parser = parsers?.customParsers?.get('application/json')?.fn;
  if (!parser) return;
  const request = {};
  parser(request, BODY, () => undefined);
  if (!('rawBody' in request)) onMissing();
}

/** Fastify keeps its parts under symbols of its own. */
function symbolOf<T>(target: object, description: string): T | undefined {
  for (let one: object | null = target; one !== null; one = Object.getPrototypeOf(one) as object | null) {
    const symbol = Object.getOwnPropertySymbols(one).find((known) => known.description === description);
    if (symbol) return (one as Record<symbol, T>)[symbol];
  }
  return undefined;
}
