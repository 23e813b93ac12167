import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { axeFindings, type LaunchOptions, launchChromium } from '@residual/testing/browser';
import type { ElementHandle, Page } from 'puppeteer-core';
import { build, type Plugin, preview } from 'vite';
import { expect } from 'vitest';

const TIMEOUT_MS = 100_000;

/** How a visit goes. */
export interface VisitOptions extends LaunchOptions {
  /** Whether the server isolates the page, which gives it shared memory; default no. */
  readonly isolated?: boolean;
}

/** The page as it is deployed, under a path, served from a folder of its own. */
export interface BuiltDemo {
  /** For a test's files; it goes with the demo. */
  readonly folder: string;
  /** Opens the page in a browser of its own; at the end, its console must be free of errors. */
  visit(options: VisitOptions, use: (visitor: Visitor) => Promise<void>): Promise<void>;
  /** Files that the last visit has asked for so far. */
  requestedFiles(pattern: RegExp): string[];
  /** Has the network fail for matching requests from now on: it breaks off, answers with an error, or never answers. */
  fail(pattern: RegExp | undefined, how?: 'lost' | 'refused' | 'silent'): void;
  /** Serves a file beside the page, and gives its address. */
  serve(name: string, content: Uint8Array): string;
  close(): Promise<void>;
}

const BASE = '/some/path/';
const ISOLATING = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export async function buildDemo(root: string): Promise<BuiltDemo> {
  const folder = mkdtempSync(join(tmpdir(), 'residual-demo-'));
  const outDir = join(folder, 'dist');
  await build({ root, logLevel: 'error', build: { outDir } });
  const requested = new Set<string>();
  let failing: { pattern: RegExp; how: 'lost' | 'refused' | 'silent' } | undefined;
  let headers: Record<string, string> = {};
  const watch: Plugin = {
    name: 'watch',
    configurePreviewServer: ({ middlewares }) => {
      middlewares.use((request, response, next) => {
        const { url = '' } = request;
        // What the service worker keeps comes in the background.
        if (!request.headers.referer?.endsWith('service-worker.js'))
          requested.add(url === BASE ? 'index.html' : url.slice(BASE.length));
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        if (!failing?.pattern.test(url)) return next();
        if (failing.how === 'lost') request.socket.destroy();
        if (failing.how === 'refused') response.writeHead(503).end();
      });
    },
  };
  const server = await preview({
    root,
    base: BASE,
    logLevel: 'error',
    plugins: [watch],
    build: { outDir },
    preview: { port: 0 },
  });
  return {
    folder,
    requestedFiles: (pattern) => [...requested].filter((path) => pattern.test(path)).map((path) => join(outDir, path)),
    fail(pattern, how = 'refused') {
      failing = pattern && { pattern, how };
    },
    serve(name, content) {
      writeFileSync(join(outDir, name), content);
      return `${server.resolvedUrls!.local[0]}${name}`;
    },
    async visit({ isolated, ...options }, use) {
      const browser = await launchChromium(options);
      try {
        requested.clear();
        failing = undefined;
        headers = isolated ? ISOLATING : {};
        const page = await browser.newPage();
        const visitor = visitorOf(page, join(root, '.vitest/screenshots'));
        await page.goto(server.resolvedUrls!.local[0]!);
        await use(visitor);
        expect(visitor.complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a person does and sees. */
export interface Visitor {
  readonly page: Page;
  /** Errors in the console, thrown, or of requests. */
  readonly complaints: string[];
  pick(input: string, path: string): Promise<void>;
  drop(paths: readonly string[]): Promise<void>;
  paste(path: string): Promise<void>;
  /** The text of an element, once it matches. */
  textOnce(id: string, pattern: RegExp): Promise<string>;
  /** What the page says of a picture, once it shows it: its name alone is there while it is decoded, too. */
  pictureOnce(file: string): Promise<string>;
  /** The classes of the answer with what is shown as their probabilities, once they are there. */
  bars(): Promise<{ label: string; percent: number }[]>;
  /** Opens a tab, and waits for its content. */
  open(tab: string, content: string): Promise<void>;
  /** A canvas's pixels as one number, which tells whether they changed; 0 where nothing is drawn. */
  pixelSum(selector: string): Promise<number>;
  dark(): Promise<void>;
  /**
   * What the main thread was longest at in one go meanwhile, in milliseconds of its own time: waiting for a processor that
   * others have does not count.
   */
  longestTaskMs(use: () => Promise<void>): Promise<number>;
  screenshot(name: string, size: { width: number; height: number }): Promise<void>;
  /** Serious ones that axe finds. */
  violations(): Promise<string[]>;
}

/** Chromium's trace: events of threads, `tdur` in microseconds of the thread's time. */
interface Trace {
  readonly traceEvents: readonly TraceEvent[];
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

function visitorOf(page: Page, screenshots: string): Visitor {
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));
  const textOnce = async (id: string, pattern: RegExp) => {
    const handle = await page.waitForFunction(
      (name, source) => {
        const text = document.getElementById(name)?.textContent ?? '';
        return new RegExp(source).test(text) && text;
      },
      { timeout: TIMEOUT_MS },
      id,
      pattern.source,
    );
    return (await handle.jsonValue()) as string;
  };
  return {
    page,
    complaints,
    textOnce,
    pictureOnce: (file) => textOnce('picture-output', new RegExp(`^${file.replaceAll('.', '\\.')}[,，]`)),
    async pick(input, path) {
      const element = (await page.$(`#${input}`)) as ElementHandle<HTMLInputElement>;
      await element.uploadFile(path);
    },
    drop: (paths) => transfer(page, 'drop', paths),
    paste: (path) => transfer(page, 'paste', [path]),
    async bars() {
      // In one look: the next answer may clear this one.
      const handle = await page.waitForFunction(
        () => {
          const output = document.getElementById('answer-output');
          if (!output?.textContent?.includes('Network')) return undefined;
          return [...output.querySelectorAll('.bars li')].map((row) => ({
            label: row.querySelector('.label')!.textContent!,
            percent: Number.parseFloat(row.querySelector('.score')!.textContent!),
          }));
        },
        { timeout: TIMEOUT_MS },
      );
      return (await handle.jsonValue())!;
    },
    async open(tab, content) {
      await page.locator(`#tab-${tab}`).click();
      await page.waitForSelector(content, { timeout: TIMEOUT_MS });
    },
    pixelSum: (selector) =>
      page.$eval(selector, (found) => {
        const canvas = found as HTMLCanvasElement;
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return data.reduce((sum, value, index) => (index % 4 === 3 ? sum : sum + value * (1 + (index % 97))), 0);
      }),
    dark: () => page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]),
    async longestTaskMs(use) {
      await page.tracing.start({ categories: ['toplevel', 'disabled-by-default-devtools.timeline'] });
      await use();
      const { traceEvents } = JSON.parse(new TextDecoder().decode(await page.tracing.stop())) as Trace;
      const threadOf = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
      const main = new Set(traceEvents.filter(({ args }) => args?.name === 'CrRendererMain').map(threadOf));
      const tasks = traceEvents.filter((event) => event.name === 'RunTask' && main.has(threadOf(event)));
      expect(tasks.length).toBeGreaterThan(0);
      return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1000), 0);
    },
    async screenshot(name, size) {
      mkdirSync(screenshots, { recursive: true });
      await page.setViewport(size);
      await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
    },
    async violations() {
      const found = await axeFindings(page);
      return found.filter((finding) => /^(?:serious|critical)/.test(finding));
    },
  };
}

/** Puppeteer drops and pastes no files: the page gets the event that a browser would send it. */
async function transfer(page: Page, type: 'drop' | 'paste', paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => ({ name: basename(path), content: readFileSync(path).toString('base64') }));
  await page.evaluate(
    (name, contents) => {
      const data = new DataTransfer();
      for (const { name, content } of contents)
        data.items.add(new File([Uint8Array.from(atob(content), (character) => character.charCodeAt(0))], name));
      const event =
        name === 'drop'
          ? new DragEvent(name, { dataTransfer: data, bubbles: true })
          : new ClipboardEvent(name, { clipboardData: data, bubbles: true });
      document.body.dispatchEvent(event);
    },
    type,
    files,
  );
}
