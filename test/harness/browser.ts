import { spawnSync } from 'node:child_process';
import { describe } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';

const hasChromium = spawnSync('chromium', ['--version']).status === 0;

/** `npm test` installs Chromium where it can; where it cannot, it says so, and a CI must not pass without it. */
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

/** Debian's, with a profile of its own that is thrown away. */
export function startBrowser(): Promise<Browser> {
  const [executablePath] = spawnSync('which', ['chromium'], { encoding: 'utf8' }).stdout.split('\n');
  return chromium.launch({ executablePath, headless: true, args: ARGS });
}

/** A page, and what became of it that nobody sees. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, and what the page has thrown; not that requests were refused, as they are here. */
  readonly complaints: string[];
  /** Of every request. */
  readonly urls: string[];
  /** Every body that has come, if they are kept, but those of streams, which do not end. */
  readonly bodies: Promise<string>[];
  /** What streams have told the page, if bodies are kept. */
  toldEvents(): Promise<string[]>;
}

export interface PageOptions {
  /** What the page finds in its window, or does not find on its way, before it is opened. */
  readonly prepare?: (page: Page) => Promise<unknown>;
  /** Whether bodies are kept: a thousand of them take a while. */
  readonly keepBodies?: boolean;
}

const KEEP_EVENTS = `
  window.toldEvents = [];
  const listen = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (type, listener) {
    listen.call(this, type, ({ data }) => toldEvents.push(String(data)));
    listen.call(this, type, listener);
  };
`;

export async function openPage(browser: Browser, { prepare, keepBodies }: PageOptions = {}): Promise<WatchedPage> {
  // With little motion, the page paints less: what is looked at here are its words.
  const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
  // Less than a test has: what did not appear is then named.
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  const urls: string[] = [];
  const bodies: Promise<string>[] = [];
  page.on('request', (request) => urls.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const isRefusal = /^Failed to load resource: the server responded with a status of \d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isRefusal) complaints.push(message.text());
  });
  page.on('response', (response) => {
    const isStream = response.headers()['content-type']?.startsWith('text/event-stream');
    if (keepBodies && !isStream) bodies.push(response.text().catch(() => ''));
  });
  if (keepBodies) await page.addInitScript({ content: KEEP_EVENTS });
  await prepare?.(page);
  return { page, complaints, urls, bodies, toldEvents: () => page.evaluate('toldEvents') };
}
