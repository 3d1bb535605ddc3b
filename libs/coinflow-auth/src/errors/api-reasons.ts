interface ApiReason {
  /** Coinflow's status. */
  readonly coinflow: number | '4xx';
  /** The status of the answer to the application's own client. */
  readonly status: number;
  /** The message that the client receives. */
  readonly message: string;
  readonly when: string;
}

/**
 * Why Coinflow refused an operation of `CoinflowApi`, and what the application's own client gets if nothing catches the
 * error. A status that Coinflow documents for the operation is passed on, and a decline is a 402. Every other status is a mistake of the
 * application: 500.
 */
export const COINFLOW_API_REASONS = {
  'invalid-request': {
    coinflow: 400,
    status: 400,
    when: 'The request is invalid.',
    message: 'The request is invalid.',
  },
  'payment-method-unavailable': {
    coinflow: 402,
    status: 402,
    when: 'The payment method is unavailable.',
    message: 'This payment method is unavailable.',
  },
  'payment-declined': {
    coinflow: 400,
    status: 402,
    when: 'The bank or the fraud protection has declined the payment. `data` has its `paymentId`, `code` and `message`.',
    message: 'The payment was declined.',
  },
  'not-allowed': {
    coinflow: 403,
    status: 403,
    when: 'Coinflow does not allow the operation, for this user or card for example.',
    message: 'This is not allowed.',
  },
  'not-found': { coinflow: 404, status: 404, when: 'The object does not exist.', message: 'Not found.' },
  'withdrawer-not-found': {
    coinflow: 401,
    status: 404,
    when: 'The wallet or user has no withdrawer yet (`GET /withdraw`).',
    message: 'There is no withdrawer yet.',
  },
  'already-exists': { coinflow: 409, status: 409, when: 'The object already exists.', message: 'It already exists.' },
  'card-validation-expired': {
    coinflow: 410,
    status: 410,
    when: 'The validation of the saved card has expired. Ask for its security code and validate it again.',
    message: 'The card must be validated again.',
  },
  'challenge-required': {
    coinflow: 412,
    status: 412,
    when: 'The user must pass a challenge (3-D Secure). `data` has its `transactionId`, `url` and `creq`.',
    message: 'A challenge is required.',
  },
  'precondition-failed': {
    coinflow: 412,
    status: 412,
    when: 'Something that the operation needs does not exist yet, for example the customer. It is not about a challenge.',
    message: 'A precondition is not met.',
  },
  'transaction-expired': {
    coinflow: 417,
    status: 417,
    when: 'The transaction has expired. Create a new one.',
    message: 'The transaction has expired.',
  },
  'field-missing': {
    coinflow: 422,
    status: 422,
    when: 'A required field of the body is missing.',
    message: 'A required field is missing.',
  },
  'user-blocked': { coinflow: 423, status: 423, when: 'The user is blocked.', message: 'This user is blocked.' },
  'bank-details-required': {
    coinflow: 426,
    status: 426,
    when: 'More details of the bank account are required.',
    message: 'More bank details are required.',
  },
  'account-verification-required': {
    coinflow: 428,
    status: 428,
    when: 'The bank account must be verified again.',
    message: 'The account must be verified again.',
  },
  'too-many-transactions': {
    coinflow: 429,
    status: 429,
    when: 'The user or card has too many transactions. It is not the rate limit of the API.',
    message: 'Too many transactions. Try again later.',
  },
  'verification-required': {
    coinflow: 451,
    status: 451,
    when: 'The identity of the user must be verified. `data` has the link, if Coinflow sends one.',
    message: 'The identity must be verified first.',
  },
  'credentials-rejected': {
    coinflow: 401,
    status: 500,
    when: 'Coinflow rejects the credentials. After a call with a session key, that key has been verified again and is valid.',
    message: 'Internal server error',
  },
  'request-rejected': {
    coinflow: '4xx',
    status: 500,
    when: 'Coinflow answers with a status that it does not document for the operation: often a wrong path or body.',
    message: 'Internal server error',
  },
} as const satisfies Record<string, ApiReason>;

/** The `reason` of a `CoinflowApiError`. */
export type CoinflowApiErrorReason = keyof typeof COINFLOW_API_REASONS;

/** Reasons that depend on more than the status, so that {@link documentedReason} does not return them. */
const NOT_BY_STATUS = new Set<string>([
  'withdrawer-not-found',
  'payment-declined',
  'precondition-failed',
  'credentials-rejected',
  'request-rejected',
]);

const BY_STATUS = new Map<unknown, CoinflowApiErrorReason>(
  (Object.keys(COINFLOW_API_REASONS) as CoinflowApiErrorReason[])
    .filter((reason) => !NOT_BY_STATUS.has(reason))
    .map((reason) => [COINFLOW_API_REASONS[reason].coinflow, reason]),
);

/** The reason of a status that Coinflow documents for the operation. */
export function documentedReason(status: number): CoinflowApiErrorReason | undefined {
  return BY_STATUS.get(status);
}
