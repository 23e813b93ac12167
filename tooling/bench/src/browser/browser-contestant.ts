import { launchChromium } from '@residual/testing/browser';
import type { Browser, Page } from 'puppeteer-core';
import { ContestantError } from '../contestant-error.ts';
import type { ProfileAnswer } from '../profile/profile-job.ts';
import type { BrowserEngine } from './browser-options.ts';
import type { BenchPage, GpuCounts, PageJob, PageLoaded } from './page-protocol.ts';
import type { PageServer } from './page-server.ts';

declare const residualBench: BenchPage;

/** An engine on a page of a browser of its own. */
export class BrowserContestant {
  readonly engine: BrowserEngine;
  readonly browserName: string;
  readonly loaded: PageLoaded;
  readonly samplesMs: number[] = [];
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(engine: BrowserEngine, browserName: string, loaded: PageLoaded, page: Page) {
    this.engine = engine;
    this.browserName = browserName;
    this.loaded = loaded;
    this.#page = page;
    this.#browser = page.browser();
  }

  /** @throws ContestantError where it cannot run here. */
  static async start(engine: BrowserEngine, job: PageJob, server: PageServer): Promise<BrowserContestant> {
    const browser = await launchChromium({ webgpu: true, timeoutMs: 600_000 });
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(server.addressOf(engine));
      await page.waitForFunction('"residualBench" in globalThis', { timeout: 30_000 }).catch(() => {
        throw new ContestantError(errors[0] ?? 'its page did not start');
      });
      const loaded = await page.evaluate((given) => residualBench.load(given), job);
      return new BrowserContestant(engine, await browser.version(), loaded, page);
    } catch (error) {
      await browser.close();
      if (ContestantError.isInstance(error)) throw error;
      throw new ContestantError((error as Error).message.split('\n', 1)[0]!);
    }
  }

  async run(runs: number): Promise<readonly number[]> {
    const ms = await this.#run(runs);
    this.samplesMs.push(...ms);
    return ms;
  }

  async warmUp(runs: number): Promise<void> {
    await this.#run(runs);
  }

  /** Of one more run. */
  count(): Promise<GpuCounts> {
    return this.#page.evaluate(() => residualBench.count());
  }

  /** Where the time of so many runs goes, and what the machine could do. */
  profile(runs: number): Promise<ProfileAnswer> {
    return this.#page.evaluate((count) => residualBench.profile(count), runs);
  }

  #run(runs: number): Promise<number[]> {
    return this.#page.evaluate((count) => residualBench.run(count), runs);
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }
}
