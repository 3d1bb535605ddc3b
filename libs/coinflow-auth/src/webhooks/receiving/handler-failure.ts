import { HttpException, InternalServerErrorException } from '@nestjs/common';

/** What a handler or a route threw, apart from what the package itself throws. */
export class HandlerFailure extends Error {
  constructor(readonly thrown: unknown) {
    super('A handler of a webhook failed');
  }

  /**
   * The answer: 5xx, so that Coinflow sends the event again, whatever the handler threw. What it threw is the `cause`, for
   * filters that report it, and no part of the body.
   */
  toHttpException(): HttpException {
    const { thrown } = this;
    if (thrown instanceof HttpException && thrown.getStatus() >= 500) return thrown;
    return new InternalServerErrorException({ statusCode: 500, message: 'Internal server error' }, { cause: thrown });
  }
}
