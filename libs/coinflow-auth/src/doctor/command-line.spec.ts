import { describe, expect, it } from '@jest/globals';
import { HELP, UsageError, readArguments } from './command-line.js';

describe('the command line of the doctor', () => {
  it('reads every option', () => {
    const args = ['--json', '--env-file', '.env.test', '--redis', 'redis://h:1', '--redis-prefix', 'shop:'];
    expect(readArguments(['doctor', ...args, '--webhook-url', 'http://127.0.0.1:3000/w'])).toEqual({
      isHelp: false,
      isJson: true,
      envFile: '.env.test',
      redisUrl: 'redis://h:1',
      redisPrefix: 'shop:',
      webhookUrl: 'http://127.0.0.1:3000/w',
    });
  });

  it.each([[['--help']], [['doctor', '-h']]])('shows the help with %j', (args) => {
    expect(readArguments(args).isHelp).toBe(true);
  });

  it('describes every option in the help', () => {
    for (const option of ['--env-file', '--redis', '--redis-prefix', '--webhook-url', '--json', '--help']) {
      expect(HELP).toContain(option);
    }
  });

  it.each<[string, string[]]>([
    ['no command', []],
    ['another command', ['doctors']],
    ['a second word', ['doctor', 'canary_word']],
    ['an unknown option', ['doctor', '--canary']],
    ['an option without its value', ['doctor', '--redis']],
    ['a URL that is not of Redis', ['doctor', '--redis', 'http://user:canary_password@h']],
    ['a prefix with whitespace', ['doctor', '--redis-prefix', 'canary word']],
    ['a webhook URL that is not HTTP', ['doctor', '--webhook-url', 'canary:word']],
    ['a webhook URL that is no URL', ['doctor', '--webhook-url', 'canary word']],
    ['a webhook URL with a password', ['doctor', '--webhook-url', 'http://user:canary_password@h/']],
  ])('rejects %s', (_, args) => {
    expect(() => readArguments(args)).toThrow(UsageError);
    expect(() => readArguments(args)).not.toThrow(/canary[_ ]/);
  });
});
