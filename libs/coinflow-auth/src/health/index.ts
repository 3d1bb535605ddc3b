export { CoinflowHealthIndicator, type CoinflowHealthOptions } from './coinflow-health.indicator.js';
