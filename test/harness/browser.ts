import { spawnSync } from 'node:child_process';
import { describe } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';

const hasChromium = spawnSync('chromium', ['--version']).status === 0;

/** `npm test` installs Chromium if it can. Otherwise the tests are skipped, or fail with `CI=true`. */
export function describeWithChromium(name: string, suite: () => void): void {
  (hasChromium || process.env.CI === 'true' ? describe : describe.skip)(name, suite);
}

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the Chromium of Debian with a temporary profile. */
export function startBrowser(): Promise<Browser> {
  const [executablePath] = spawnSync('which', ['chromium'], { encoding: 'utf8' }).stdout.split('\n');
  return chromium.launch({ executablePath, headless: true, args: ARGS });
}

/** A page and what a user does not see of it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console and uncaught errors, without the messages about error responses. */
  readonly problems: string[];
  /** The URLs of all requests. */
  readonly urls: string[];
  /** The bodies of all responses without streams, if `keepBodies` is set. */
  readonly bodies: Promise<string>[];
  /** The events of all streams, if `keepBodies` is set. */
  streamedEvents(): Promise<string[]>;
}

export interface PageOptions {
  /** Runs before the page is opened. */
  readonly prepare?: (page: Page) => Promise<unknown>;
  /** Whether to keep the bodies. A thousand of them take a while. */
  readonly keepBodies?: boolean;
}

const KEEP_EVENTS = `
  window.streamedEvents = [];
  const listen = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (type, listener) {
    listen.call(this, type, ({ data }) => streamedEvents.push(String(data)));
    listen.call(this, type, listener);
  };
`;

export async function openPage(browser: Browser, { prepare, keepBodies }: PageOptions = {}): Promise<WatchedPage> {
  // The tests read the texts of the page. With reduced motion, it paints less often.
  const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
  // Less than the time limit of a test, so that the error names the missing element.
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  const urls: string[] = [];
  const bodies: Promise<string>[] = [];
  page.on('request', (request) => urls.push(request.url()));
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    const isErrorResponse = /^Failed to load resource: the server responded with a status of \d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isErrorResponse) problems.push(message.text());
  });
  page.on('response', (response) => {
    const isStream = response.headers()['content-type']?.startsWith('text/event-stream');
    if (keepBodies && !isStream) bodies.push(response.text().catch(() => ''));
  });
  if (keepBodies) await page.addInitScript({ content: KEEP_EVENTS });
  await prepare?.(page);
  return { page, problems, urls, bodies, streamedEvents: () => page.evaluate('streamedEvents') };
}
