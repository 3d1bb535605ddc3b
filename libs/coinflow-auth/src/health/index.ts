/**
 * The health indicator. Needs `@nestjs/terminus`.
 * @module nestjs-coinflow-auth/health
 */
export { CoinflowHealthIndicator, type CoinflowHealthOptions } from './coinflow-health.indicator.js';
