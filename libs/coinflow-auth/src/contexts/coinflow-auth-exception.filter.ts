import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { throwError } from 'rxjs';
import { CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { toHttpException, writeErrorHeaders, type ResponseWithHeaders } from './http-exception.js';

/** Gives errors of the service that a controller lets through the HTTP answer they stand for, instead of a 500. */
@Catch(CoinflowAuthError)
export class CoinflowAuthExceptionFilter extends BaseExceptionFilter {
  override catch(error: CoinflowAuthError, host: ArgumentsHost): unknown {
    const context: string = host.getType();
    // Elsewhere the error leaves as it is: thrown into the stream of a microservice, given to whatever else there is.
    if (context !== 'http') return context === 'rpc' ? throwError(() => error) : error;
    writeErrorHeaders(host.switchToHttp().getResponse<ResponseWithHeaders>(), error);
    super.catch(toHttpException(error), host);
    return undefined;
  }
}
