import { BadRequestException, HttpException } from '@nestjs/common';
import { CoinflowApiError } from 'nestjs-coinflow-auth';
import type { ChallengeDto } from './checkout.dto.js';

/**
 * Adds what the page needs of a challenge, field by field. Any other error stays as it is: the exception filter of the package answers
 * a declined card, a blocked user or an unknown outcome with its status, `code` and `reason`.
 */
export function toRefusal(error: unknown): unknown {
  if (!(error instanceof CoinflowApiError)) return error;
  const { status, code, reason, data } = error;
  const challenge = reason === 'challenge-required' ? challengeIn(data) : undefined;
  if (challenge) {
    return new HttpException({ statusCode: 412, message: 'A challenge is required.', code, reason, challenge }, 412);
  }
  // The token and the id of the challenge come from the client.
  const isFromClient = status === 400 && reason === 'request-rejected';
  return isFromClient
    ? new BadRequestException('Coinflow does not accept this card or challenge. Start the checkout again.')
    : error;
}

function challengeIn(data: unknown): ChallengeDto | undefined {
  const [transactionId, url, creq] = ['transactionId', 'url', 'creq'].map((name) => textIn(data, name));
  return transactionId !== undefined && url !== undefined && creq !== undefined
    ? { transactionId, url, creq }
    : undefined;
}

function textIn(data: unknown, name: string): string | undefined {
  const value = (Object(data) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
