import { RequestMethod, VERSION_NEUTRAL, VersioningType, type VersioningOptions } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import {
  MESSAGE,
  METHOD,
  MODULE_PATH,
  PATH,
  PATTERN,
  REFERENCE,
  RESOLVER_NAME,
  RESOLVER_TYPE,
  VERSION,
} from './metadata-keys.js';
import { isEventHandler, isFieldResolver, type ApplicationRoute, type MessageHandler } from './nest-metadata.js';

type Version = string | typeof VERSION_NEUTRAL;

/**
 * What a handler handles.
 *
 * @inline
 */
export type HandlerKind = 'http' | 'query' | 'mutation' | 'subscription' | 'field' | 'gateway' | 'message' | 'event';

/** The method and the path of a route, one for each path that Nest registers: `GET /v1/me`. */
export function httpRoutesOf(
  { controller, module, method: { prototype, name } }: ApplicationRoute,
  config: ApplicationConfig,
  applicationId: string,
): string[] {
  const handler = (prototype as Record<string | symbol, object>)[name] as object;
  const verb = Reflect.getMetadata(METHOD, handler) as RequestMethod;
  const modulePath = (Reflect.getMetadata(MODULE_PATH + applicationId, module) ??
    Reflect.getMetadata(MODULE_PATH, module)) as string | undefined;
  const versioning = config.getVersioning();
  const versions = versioning ? versionsOf(handler, controller, versioning) : [];
  const prefixes = versioning?.type === VersioningType.URI ? versions.map((one) => uriOf(one, versioning)) : [];
  const paths = listOf(Reflect.getMetadata(PATH, controller)).flatMap((above) =>
    listOf(Reflect.getMetadata(PATH, handler)).map((below) => join(modulePath, above, below)),
  );
  const suffix = prefixes.length > 0 || versions.length === 0 ? '' : ` (version ${versions.map(nameOf).join(', ')})`;
  return (prefixes.length > 0 ? prefixes : ['']).flatMap((version) =>
    paths.map((path) => {
      const prefix = isExcluded(path, verb, config) ? '' : config.getGlobalPrefix();
      return `${RequestMethod[verb]} ${join(prefix, version, path)}${suffix}`;
    }),
  );
}

function versionsOf(handler: object, controller: object, { defaultVersion }: VersioningOptions): Version[] {
  const own: unknown = Reflect.getMetadata(VERSION, handler) ?? Reflect.getMetadata(VERSION, controller);
  return listOf<Version>(own ?? defaultVersion);
}

function uriOf(version: Version, { prefix }: { readonly prefix?: string | false }): string {
  return version === VERSION_NEUTRAL ? '' : `${prefix === false ? '' : (prefix ?? 'v')}${version}`;
}

function nameOf(version: Version): string {
  return version === VERSION_NEUTRAL ? 'any' : version;
}

/** Whether `setGlobalPrefix()` excludes the route. Nest compares the path without its version. */
function isExcluded(path: string, verb: RequestMethod, config: ApplicationConfig): boolean {
  const { exclude = [] } = config.getGlobalPrefixOptions();
  return exclude.some(
    ({ pathRegex, requestMethod }) =>
      (requestMethod === RequestMethod.ALL || Number(requestMethod) === -1 || requestMethod === verb) &&
      pathRegex.test(path),
  );
}

function listOf<T = string>(value: unknown): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as T[]) : [value as T];
}

function join(...parts: (string | undefined)[]): string {
  const trimmed = parts.map((part = '') => part.replace(/^\/+|\/+$/g, ''));
  return `/${trimmed.filter((part) => part !== '').join('/')}`;
}

/** What a handler of a gateway, a microservice or GraphQL handles: its messages, patterns, or its name in the schema. */
export function messageRoutesOf(handler: MessageHandler): { readonly kind: HandlerKind; readonly route: string }[] {
  const { prototype, name } = handler.method;
  const method = (prototype as Record<string | symbol, object>)[name] as object;
  if (handler.type === 'ws') return [{ kind: 'gateway', route: textOf(Reflect.getMetadata(MESSAGE, method)) }];
  if (handler.type === 'graphql') return [resolverOf(handler, method)];
  const kind = isEventHandler(method) ? 'event' : 'message';
  return listOf<unknown>(Reflect.getMetadata(PATTERN, method)).map((pattern) => ({ kind, route: textOf(pattern) }));
}

function resolverOf(handler: MessageHandler, method: object): { readonly kind: HandlerKind; readonly route: string } {
  const type = (Reflect.getMetadata(RESOLVER_TYPE, method) ??
    Reflect.getMetadata(RESOLVER_TYPE, handler.controller)) as string | undefined;
  const isReference = Reflect.hasMetadata(REFERENCE, method);
  const name = isReference
    ? '__resolveReference'
    : ((Reflect.getMetadata(RESOLVER_NAME, method) as string | undefined) ?? String(handler.method.name));
  if (isFieldResolver(handler)) return { kind: 'field', route: type === undefined ? name : `${type}.${name}` };
  return { kind: String(type).toLowerCase() as HandlerKind, route: name };
}

/** The patterns of a microservice can be objects. */
function textOf(pattern: unknown): string {
  return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
}
