export { asUser, createTestSession, type TestSessionOptions } from './create-test-session.js';
export { overrideCoinflowAuth, type OverridableModule } from './override-coinflow-auth.js';
