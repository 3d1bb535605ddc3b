import 'reflect-metadata';
import { hasWebhooks } from './coinflow/coinflow-options.js';
import { createApp, type Platform } from './create-app.js';
import { routeList } from './route-list.js';

const { HOST: host = '127.0.0.1', PLATFORM: platform = 'express' } = process.env;
const port = process.env.PORT || '3000';

try {
  if (!/^\d+$/.test(port) || Number(port) > 65_535)
    throw new Error(`PORT is "${port}". Set it to a number from 0 to 65535.`);
  if (platform !== 'express' && platform !== 'fastify')
    throw new Error(`PLATFORM is "${platform}". Set it to express or fastify.`);
  const app = await createApp(platform satisfies Platform, process.argv.includes('--verbose'));
  if (process.argv.includes('--routes')) {
    console.log(routeList(app));
    await app.close();
    process.exit(0);
  }
  await app.listen(Number(port), host);
  console.log(
    hasWebhooks()
      ? 'Webhooks are on: POST /webhooks/coinflow'
      : 'Webhooks are off: set COINFLOW_WEBHOOK_VALIDATION_KEY',
  );
  // `npm start` waits for this line, so it is the last one.
  console.log(`Sample merchant at ${await app.getUrl()}`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(`sample: ${code === 'EADDRINUSE' ? `Port ${port} is in use. Set PORT to another one.` : message}`);
  process.exit(1);
}
