import { afterAll, afterEach, beforeAll, beforeEach, expect, jest } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Platform } from '../../apps/sample/src/create-app.js';
import { describeWithChromium, openPage, startBrowser, type PageOptions, type WatchedPage } from './browser.js';
import { createSampleApp, type SampleApp } from './create-sample-app.js';
import { assertBuilt } from './listening-process.js';

export const WEBHOOK_KEY = 'canary_webhook_key_of_the_page';

/** The sample with its page in a browser. */
export class SamplePage {
  app!: SampleApp;
  watched!: WatchedPage;
  #browser: Browser | undefined;

  async startBrowser(): Promise<void> {
    assertBuilt();
    this.#browser = await startBrowser();
  }

  async closeBrowser(): Promise<void> {
    await this.#browser?.close();
  }

  async startApp(platform: Platform): Promise<void> {
    this.app = await createSampleApp({ platform, env: { COINFLOW_WEBHOOK_VALIDATION_KEY: WEBHOOK_KEY } });
    this.registerWebhook();
  }

  registerWebhook(): void {
    this.app.coinflow.registerWebhook({ url: `${this.app.url}/webhooks/coinflow`, key: WEBHOOK_KEY });
  }

  get page(): Page {
    return this.watched.page;
  }

  async open(options?: PageOptions): Promise<void> {
    if (!this.#browser) throw new Error('The browser is not started');
    this.watched = await openPage(this.#browser, options);
    await this.page.goto(this.app.url);
    await this.text('Live', { exact: true }).last().waitFor();
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  text(words: string | RegExp, options = {}): Locator {
    return this.page.locator('#main').getByText(words, options);
  }

  panel(name: string): Locator {
    return this.page.getByRole('region', { name });
  }

  choose(name: string | RegExp): Promise<void> {
    return this.page.getByRole('radio', { name, exact: true }).check({ force: true });
  }

  turn(name: RegExp, on = true): Promise<void> {
    return this.page.getByRole('switch', { name }).setChecked(on, { force: true });
  }

  async logIn(as = 'Log in as alice'): Promise<void> {
    await this.button(as).click();
    await this.text(/^Expires in/).waitFor();
  }

  /** Sends requests and waits for their result. Returns the text of the result. */
  async send(count: string, words: string | RegExp): Promise<string> {
    const result = this.page.locator('.result');
    await this.button(`Send ${count}`).click();
    await this.button(`Send ${count}`).and(this.page.locator(':enabled')).waitFor({ timeout: 60_000 });
    await result.getByText(words).first().waitFor();
    return result.innerText();
  }
}

/** Defines tests of the page. Each test has an application of its own. */
export function describePage(name: string, tests: (sample: SamplePage) => void): void {
  describeWithChromium(name, () => {
    const sample = new SamplePage();
    jest.setTimeout(120_000);
    beforeAll(() => sample.startBrowser(), 180_000);
    beforeEach(() => sample.startApp('express'));
    afterEach(async () => {
      await sample.page.context().close();
      await sample.app.close();
      expect(sample.watched.problems).toEqual([]);
    });
    afterAll(() => sample.closeBrowser());
    tests(sample);
  });
}
