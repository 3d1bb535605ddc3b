import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { StartLogger } from './start-logger.js';

describe('the log of the start', () => {
  const written: string[] = [];
  const keep = (text: unknown): boolean => written.push(String(text)) > 0;
  const stdout = jest.spyOn(process.stdout, 'write').mockImplementation(keep);
  const stderr = jest.spyOn(process.stderr, 'write').mockImplementation(keep);

  afterEach(() => {
    stdout.mockRestore();
    stderr.mockRestore();
  });

  it('leaves out modules and routes, and nothing else', () => {
    const logger = new StartLogger();
    for (const context of ['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']) {
      logger.log('left out', context);
      logger.warn(`warning of ${context}`, context);
      logger.error(`error of ${context}`, undefined, context);
    }
    logger.log('Coinflow answers again', 'CoinflowAuth');
    logger.log('without a context');
    const text = written.join('');
    expect(text).not.toContain('left out');
    expect(text.match(/warning of|error of|Coinflow answers again|without a context/g)).toHaveLength(12);
  });
});
