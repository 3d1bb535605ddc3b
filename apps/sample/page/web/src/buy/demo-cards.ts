/** A card of the emulator, and the zip code with which the user pays. */
export interface DemoCard {
  readonly name: string;
  readonly about: string;
  readonly token: string;
  readonly expMonth: string;
  readonly expYear: string;
  readonly zip: string;
}

const VISA = { token: '424242DEMO4242', expMonth: '12', expYear: '34', zip: '10001' };

export const APPROVED: DemoCard = { ...VISA, name: 'Approved', about: 'Visa ending in 4242. The bank approves.' };

export const DEMO_CARDS: readonly DemoCard[] = [
  APPROVED,
  { ...VISA, name: 'Declined', about: 'Visa ending in 4242 with the zip code 99999. The bank declines.', zip: '99999' },
  { ...VISA, name: 'Fraud', about: 'Visa ending in 4242 with the zip code 00001. Suspected of fraud.', zip: '00001' },
  {
    name: '3-D Secure',
    about: 'Visa ending in 0000. The bank asks you to approve the payment.',
    token: '400002DEMO0000',
    expMonth: '08',
    expYear: '27',
    zip: '10001',
  },
  {
    name: 'Frictionless',
    about: 'Mastercard ending in 1471. 3-D Secure without a question.',
    token: '520424DEMO1471',
    expMonth: '08',
    expYear: '27',
    zip: '10001',
  },
];

/** Your application gets the token from Coinflow's card form, and the rest from the user. */
export function cardOf({ token, expMonth, expYear, zip }: DemoCard): object {
  const name = { firstName: 'Alice', lastName: 'Doe', email: 'alice@example.com' };
  const address = { address1: '1 Main Street', city: 'New York', state: 'NY', country: 'US', zip };
  return { cardToken: token, expMonth, expYear, ...name, ...address };
}
