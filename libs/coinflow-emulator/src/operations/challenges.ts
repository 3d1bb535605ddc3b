import { randomUUID } from 'node:crypto';

/** A 3-D Secure challenge of one checkout. */
export interface Challenge {
  readonly transactionId: string;
  /** What the page of the challenge receives. */
  readonly creq: string;
  readonly merchantId: string;
  readonly customerId: string;
  readonly cents: number;
  readonly currency: string;
  readonly token: string;
  result: 'pending' | 'approved' | 'failed';
}

type Purchase = Pick<Challenge, 'merchantId' | 'customerId' | 'cents' | 'currency' | 'token'>;

const MAX_CHALLENGES = 10_000;

/** The challenges that were not concluded yet. */
export class Challenges {
  readonly #open = new Map<string, Challenge>();

  create(purchase: Purchase): Challenge {
    const transactionId = randomUUID();
    const request = { messageType: 'CReq', messageVersion: '2.2.0', threeDSServerTransID: transactionId };
    const creq = Buffer.from(JSON.stringify(request)).toString('base64url');
    const challenge: Challenge = { transactionId, creq, ...purchase, result: 'pending' };
    this.#open.set(transactionId, challenge);
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size > MAX_CHALLENGES) this.#open.delete(oldest);
    return challenge;
  }

  /** The challenge of this purchase with this id. */
  find(transactionId: string, purchase: Purchase): Challenge | undefined {
    const challenge = this.#open.get(transactionId);
    const names = ['merchantId', 'customerId', 'cents', 'currency', 'token'] as const;
    return challenge && names.every((name) => challenge[name] === purchase[name]) ? challenge : undefined;
  }

  /** The challenge that a page received. */
  findByCreq(creq: string | null): Challenge | undefined {
    return [...this.#open.values()].find((challenge) => challenge.creq === creq);
  }

  /** Ends a challenge: its transaction can be named once. */
  conclude({ transactionId }: Challenge): void {
    this.#open.delete(transactionId);
  }

  clear(): void {
    this.#open.clear();
  }
}
