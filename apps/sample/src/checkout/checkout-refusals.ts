import { BadRequestException, HttpException } from '@nestjs/common';
import { CoinflowApiError } from 'nestjs-coinflow-auth';
import type { ChallengeDto } from './checkout.dto.js';

/**
 * Adds what the page needs of Coinflow's response, field by field. Any other error stays as it is: the exception filter of the package
 * answers it with its status and `reason`.
 */
export function toRefusal(error: unknown): unknown {
  if (!(error instanceof CoinflowApiError)) return error;
  if (error.reason === 'challenge-required') {
    const challenge = challengeIn(error.data);
    return challenge ? refusal(412, 'A challenge is required.', error.reason, { challenge }) : error;
  }
  // Coinflow answers 400 to a declined card, with a code, and to an invalid body.
  if (error.status !== 400) return error;
  const declineCode = textIn(error.data, 'code');
  if (declineCode === undefined) {
    return new BadRequestException('Coinflow does not accept this card or challenge. Start the checkout again.');
  }
  return refusal(402, 'The card was declined.', 'payment-declined', { declineCode });
}

function refusal(
  statusCode: number,
  message: string,
  reason: string,
  details: { declineCode: string } | { challenge: ChallengeDto },
): HttpException {
  return new HttpException({ statusCode, message, reason, ...details }, statusCode);
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
