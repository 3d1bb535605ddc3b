import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { StartupLogger } from './create-app.js';

describe('StartupLogger', () => {
  const written: string[] = [];
  const keep = (text: unknown): boolean => written.push(String(text)) > 0;
  const stdout = jest.spyOn(process.stdout, 'write').mockImplementation(keep);
  const stderr = jest.spyOn(process.stderr, 'write').mockImplementation(keep);

  afterEach(() => {
    stdout.mockRestore();
    stderr.mockRestore();
  });

  it('leaves out the lines about modules and routes, but no warning, error or other line', () => {
    const logger = new StartupLogger();
    for (const context of [
      'NestFactory',
      'InstanceLoader',
      'RoutesResolver',
      'RouterExplorer',
      'NestApplication',
      'GraphQLModule',
    ]) {
      logger.log('left out', context);
      logger.warn(`warning of ${context}`, context);
      logger.error(`error of ${context}`, undefined, context);
    }
    logger.log('Coinflow is reachable again', 'CoinflowAuth');
    logger.log('without a context');
    const text = written.join('');
    expect(text).not.toContain('left out');
    expect(text.match(/warning of|error of|Coinflow is reachable again|without a context/g)).toHaveLength(14);
  });
});
