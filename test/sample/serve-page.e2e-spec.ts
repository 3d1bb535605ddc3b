import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createSampleApp, type SampleApp } from '../harness/create-sample-app.js';
import { PLATFORMS } from '../harness/create-test-app.js';

/** @param challenge the origin of the 3-D Secure challenges */
const policyWith = (challenge: string): string =>
  "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';" +
  `frame-src ${challenge};form-action ${challenge};base-uri 'none';frame-ancestors 'none'`;

describe.each(PLATFORMS)('serving the page on %s', (platform) => {
  let folder: string;
  let app: SampleApp;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sample-page-'));
    await mkdir(join(folder, 'built', 'assets'), { recursive: true });
    await writeFile(join(folder, 'built', 'index.html'), '<!doctype html><title>built</title>');
    await writeFile(join(folder, 'built', 'assets', 'main-4f2a.js'), 'export {};');
  });

  afterEach(() => app.close());
  afterAll(() => rm(folder, { recursive: true }));

  async function start(page: string, env?: Record<string, string>): Promise<SampleApp> {
    return (app = await createSampleApp({ platform, page: join(folder, page), env }));
  }

  it('makes browsers revalidate the page and cache its assets', async () => {
    const { get } = await start('built');
    const page = { 'content-type': expect.stringMatching(/^text\/html/), 'cache-control': 'no-cache' };
    expect(await get('/')).toMatchObject({ status: 200, headers: page, text: '<!doctype html><title>built</title>' });
    expect(await get('/assets/main-4f2a.js')).toMatchObject({
      status: 200,
      headers: {
        'content-type': expect.stringMatching(/^(?:text|application)\/javascript/),
        'cache-control': 'public, max-age=31536000, immutable',
      },
    });
  });

  it('serves no files outside of the page', async () => {
    const { get } = await start('built');
    for (const path of ['/assets', '/assets/', '/assets/none.js', '/%2e%2e/secret', '/assets/..%2f..%2fsecret']) {
      const { status } = await get(path);
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    }
  });

  it('says how to build the page if it is not built', async () => {
    const { get } = await start('not-built');
    const { status, headers, text } = await get('/');
    expect([status, headers['content-type']]).toEqual([404, 'text/plain; charset=utf-8']);
    expect(text).toMatch(/^The page is not built. Run `npm run build`[^\n]*\n$/);
  });

  it('sends a strict Content Security Policy everywhere but for Swagger UI', async () => {
    const { get, coinflow } = await start('built');
    const policy = policyWith(coinflow.url);
    for (const path of ['/', '/assets/main-4f2a.js', '/me', '/nothing', '/demo/state', '/documents']) {
      const { headers } = await get(path);
      expect([path, headers['content-security-policy']]).toEqual([path, policy]);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
      expect(headers).not.toHaveProperty('strict-transport-security');
    }
    for (const path of ['/docs', '/docs/swagger-ui-bundle.js']) {
      const { headers } = await get(path);
      expect([path, headers['content-security-policy']]).toEqual([path, undefined]);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
    }
  });

  it('allows no frame and no form with the real Coinflow', async () => {
    const { get } = await start('built', { COINFLOW_ENV: 'sandbox' });
    expect((await get('/')).headers['content-security-policy']).toBe(policyWith("'none'"));
  });
});
