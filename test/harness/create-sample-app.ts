import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { AppModule } from '../../apps/sample/src/app.module.js';
import { APP_OPTIONS, configureApp, createAdapter, type Platform } from '../../apps/sample/src/create-app.js';
import { optionsFor, testApp, type TestApp } from './create-test-app.js';
import { giveBackEmulator, takeEmulator } from './emulator-pool.js';
import { RecordingLogger } from './recording-logger.js';

export interface SampleApp extends TestApp {
  /** Logs a demo user in and returns the access token. */
  login: (username: string) => Promise<string>;
  /** Logs a demo user in and returns a session key. */
  sessionKey: (username: string) => Promise<string>;
}

export interface SampleAppOptions {
  platform: Platform;
  /** Environment variables in addition to those of the emulator. */
  env?: Record<string, string>;
  /** The rate limits of the emulator; by default none. */
  limits?: { withKey: number; withoutKey: number };
  /** The folder of the built page, if it is not the default one. */
  page?: string;
  override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** The sample as `npm start` runs it, in this process. */
export async function createSampleApp({
  platform,
  env = {},
  limits,
  page,
  override = (b) => b,
}: SampleAppOptions): Promise<SampleApp> {
  const coinflow = await takeEmulator();
  if (limits) coinflow.setLimits(limits);
  const { baseUrl, apiKey, merchantId } = optionsFor(coinflow);
  const variables = {
    COINFLOW_ENV: 'local',
    COINFLOW_API_KEY: apiKey,
    COINFLOW_MERCHANT_ID: merchantId,
    COINFLOW_BASE_URL: baseUrl,
    // Ignores the database of the developer.
    DATABASE_URL: '',
    ...env,
  };
  Object.assign(process.env, variables);
  const forgetVariables = (): void => Object.keys(variables).forEach((name) => delete process.env[name]);
  const logger = new RecordingLogger();
  const start = async (): Promise<TestApp> => {
    const module = await override(Test.createTestingModule({ imports: [AppModule.register()] }))
      .setLogger(logger)
      .compile();
    const app = configureApp(module.createNestApplication(createAdapter(platform), APP_OPTIONS), { page });
    await app.listen(0, '127.0.0.1');
    return testApp(app, coinflow, logger);
  };
  const base = await start().catch((error: unknown) => {
    giveBackEmulator(coinflow);
    forgetVariables();
    throw error;
  });
  const login = async (username: string): Promise<string> => {
    const answer = await base.send('/auth/login', { method: 'POST', body: { username, password: `${username}-demo` } });
    return (answer.body as { accessToken: string }).accessToken;
  };
  return {
    ...base,
    login,
    sessionKey: async (username) => {
      const headers = { authorization: `Bearer ${await login(username)}` };
      return ((await base.send('/coinflow/session-key', { headers })).body as { key: string }).key;
    },
    close: async () => {
      await base.close();
      forgetVariables();
    },
  };
}
