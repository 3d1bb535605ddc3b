import type { CoinflowApiAuth } from './call-credentials.js';
import type { PathValue, QueryValue } from './call-request.js';

// The types of `CoinflowApi`. `Paths` is the type `paths` that openapi-typescript makes of Coinflow's document; without it, it is
// `unknown`, and so are bodies and results.

/** Statuses with which Coinflow does what a call asks for. */
type Success = 200 | 201 | 202 | 204;
type Json = 'application/json';

/** Whether a field is absent, or declared as `never` as openapi-typescript does for what an operation does not have. */
type IsAbsent<Value> = [Exclude<Value, undefined>] extends [never] ? true : false;

/** The paths that have an operation with this method. */
export type PathOf<Paths, Method extends string> = unknown extends Paths
  ? string
  : {
      [Path in keyof Paths & string]: Paths[Path] extends { [M in Method]: infer Operation }
        ? IsAbsent<Operation> extends true
          ? never
          : Path
        : never;
    }[keyof Paths & string];

type OperationOf<Paths, Path, Method extends string> = Path extends keyof Paths
  ? Paths[Path] extends { [M in Method]: infer Operation }
    ? Operation
    : unknown
  : unknown;

/** The names of the parameters in a template: `'a' | 'b'` of `/{a}/x/{b}`. */
type ParameterNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

type ParamsOption<Path extends string> = string extends Path
  ? { params?: Readonly<Record<string, PathValue>> | undefined }
  : IsAbsent<Exclude<ParameterNames<Path>, 'merchantId'>> extends true
    ? { params?: Readonly<{ [Name in ParameterNames<Path>]?: PathValue }> | undefined }
    : {
        /** The values of the path's parameters. Without `merchantId`, it is that of the options. */
        params: Readonly<
          { [Name in Exclude<ParameterNames<Path>, 'merchantId'>]: PathValue } & {
            [Name in Extract<ParameterNames<Path>, 'merchantId'>]?: PathValue;
          }
        >;
      };

type QueryOption<Operation> = unknown extends Operation
  ? { query?: Readonly<Record<string, QueryValue>> | undefined }
  : Operation extends { parameters: { query: infer Query } }
    ? { query: Readonly<Query> }
    : Operation extends { parameters: { query?: infer Query } }
      ? { query?: Readonly<Exclude<Query, undefined>> | undefined }
      : { query?: undefined };

type BodyOption<Operation, Method> = unknown extends Operation
  ? Method extends 'get'
    ? { body?: undefined }
    : { body?: unknown }
  : Operation extends { requestBody: { content: { [Type in Json]: infer Body } } }
    ? { body: Body }
    : Operation extends { requestBody?: infer Request }
      ? Exclude<Request, undefined> extends { content: { [Type in Json]: infer Body } }
        ? IsAbsent<Request> extends true
          ? { body?: undefined }
          : { body?: Body | undefined }
        : { body?: undefined }
      : { body?: undefined };

/** The options of a call that no document describes. */
export interface CoinflowApiCallOptions {
  /** The credentials of the call. The headers follow from it. */
  auth: CoinflowApiAuth;
  /** The end user's IP address (`x-coinflow-client-ip`), so that fraud and location checks see the user and not your server. */
  clientIp?: string | undefined;
  /** The id of the end user's device (`x-device-id`), which Coinflow's script in the browser creates. */
  deviceId?: string | undefined;
  /** The sub-merchant for which the call is made (`x-coinflow-submerchant-id`). */
  submerchantId?: string | undefined;
  /**
   * The time limit of this call, in milliseconds.
   * @default the option `api.timeoutMs`
   */
  timeoutMs?: number | undefined;
  /** Aborts the call. Of a call that may have moved money, the outcome is then unknown. */
  signal?: AbortSignal | undefined;
}

/** The options of a call: what Coinflow's document has for the operation, and {@link CoinflowApiCallOptions}. */
export type CallOptions<Paths, Path extends string, Method extends string> = CoinflowApiCallOptions &
  ParamsOption<Path> &
  QueryOption<OperationOf<Paths, Path, Method>> &
  BodyOption<OperationOf<Paths, Path, Method>, Method>;

/** The result of a call: the body of the response. */
export type CallResult<Paths, Path extends string, Method extends string> = unknown extends Paths
  ? unknown
  : OperationOf<Paths, Path, Method> extends { responses: infer Responses }
    ? {
        [Status in keyof Responses & Success]: Responses[Status] extends { content: { [Type in Json]: infer Body } }
          ? Body
          : undefined;
      }[keyof Responses & Success]
    : unknown;
