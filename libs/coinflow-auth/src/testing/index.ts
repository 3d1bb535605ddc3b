/**
 * Tests of your application without Coinflow and without the emulator.
 * @module nestjs-coinflow-auth/testing
 */
export { asUser, createTestSession, type TestSessionOptions } from './create-test-session.js';
export {
  TEST_WEBHOOK_KEY,
  overrideCoinflowAuth,
  type OverridableModule,
  type TestApiCall,
  type TestOverrides,
} from './override-coinflow-auth.js';
