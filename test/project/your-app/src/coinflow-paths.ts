/** A part of what openapi-typescript makes of Coinflow's document. */
export interface paths {
  '/customer/v2': {
    get: { responses: { 200: { content: { 'application/json': { customer: { email: string } | null } } } } };
  };
}
