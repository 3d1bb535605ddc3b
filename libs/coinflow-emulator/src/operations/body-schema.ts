import { Ajv, type ValidateFunction } from 'ajv';
import { httpError } from '../http-error.js';

const ajv = new Ajv();

/**
 * Checks bodies by a JSON schema, which is compiled when the first body arrives.
 * @returns a function that throws a 400 naming the invalid field, without its value
 */
export function bodyChecker<T>(schema: object): (body: unknown) => T {
  let validate: ValidateFunction<T> | undefined;
  return (body) => {
    validate ??= ajv.compile<T>(schema);
    if (validate(body)) return body;
    const [error] = validate.errors ?? [];
    const path = error?.instancePath.slice(1).replaceAll('/', '.');
    throw httpError(400, [path, error?.message].filter(Boolean).join(' '));
  };
}
