import { HttpException } from '@nestjs/common';
import { clientAnswer, type ClientAnswer } from '../errors/client-answer.js';
import {
  isCoinflowAuthError,
  type AnyCoinflowAuthError,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';

/**
 * The exception of a resolver. graphql-js copies its `extensions` to the error of the response, and adds the path.
 *
 * It is no `GraphQLError`, because Nest logs each of those with its stack, as a defect of the application. Its response is a
 * text: with a body like that of other HTTP exceptions, the driver of Nest would replace the code.
 */
export class GraphQLException extends HttpException {
  readonly extensions: ClientAnswer['details'];

  /** @param error the cause, which is not sent */
  constructor(error: CoinflowAuthError) {
    const { status, message, details } = clientAnswer(error);
    super(message, status, { cause: error });
    this.extensions = details;
  }
}

/** The part of a `GraphQLError` that tells what a resolver has thrown. */
interface ErrorOfResolver {
  readonly originalError?: unknown;
}

/** The error of this package behind an error of a response; `undefined` if it has another origin. */
export function coinflowErrorOf({ originalError }: ErrorOfResolver): AnyCoinflowAuthError | undefined {
  const { cause } = Object(originalError) as { cause?: unknown };
  return isCoinflowAuthError(cause) ? cause : undefined;
}
