import { describe, expect, it } from '@jest/globals';
import { findOperation, methodsOf } from './operation-paths.js';
import { OPERATION_NAMES } from './operations.js';

describe('findOperation', () => {
  it.each(OPERATION_NAMES)('finds %s by its path', (operation) => {
    const [method = '', template = ''] = operation.split(' ');
    expect(findOperation(method, template.replaceAll(/\{\w+\}/g, 'x'))?.operation).toBe(operation);
  });

  it('decodes parameters, of which a slash is a part', () => {
    const { operation, params } = findOperation('GET', '/subscription/a%2Fb%20c/plans/%7E') ?? {};
    expect([operation, params]).toEqual([
      'GET /subscription/{merchantId}/plans/{code}',
      { merchantId: 'a/b c', code: '~' },
    ]);
  });

  it('prefers the template with a literal further to the left', () => {
    expect(findOperation('PUT', '/merchant/blocked/exempt3DS')?.operation).toBe('PUT /merchant/blocked/{customerId}');
    expect(findOperation('GET', '/merchant/payments/ach-returns')?.operation).toBe(
      'GET /merchant/payments/ach-returns',
    );
  });

  it.each([
    ['GET', '/nothing'],
    ['GET', ''],
    ['GET', '/'],
    ['DELETE', '/merchant'],
    ['GET', '/merchant/'],
    ['GET', '/merchant/payments/'],
    ['GET', '/merchant/payments/%'],
    ['GET', '/Merchant'],
    ['HEAD', '/merchant'],
  ])('finds nothing for %s %s', (method, path) => {
    expect(findOperation(method, path)).toBeUndefined();
  });

  it('lists the methods of a path', () => {
    expect(methodsOf('/merchant/exports/1').sort()).toEqual(['DELETE', 'GET']);
    expect(methodsOf('/nothing')).toEqual([]);
  });
});
