import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import chromium, { inflate } from '@sparticuz/chromium';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { findFirefox } from './requirement.ts';

export interface LaunchOptions {
  /** Whether pages get a WebGPU adapter, SwiftShader (the CPU); default no. */
  readonly webgpu?: boolean;
  /** Whether pages get a camera, which shows a made-up picture and asks nobody; default no. */
  readonly camera?: boolean;
  /** How long a call into a page may take; default three minutes. */
  readonly timeoutMs?: number;
}

/** Starts a headless browser. */
export function launchBrowser(kind: 'chromium' | 'firefox', options: LaunchOptions = {}): Promise<Browser> {
  return kind === 'chromium' ? launchChromium(options) : launchFirefox(options);
}

/** Starts the headless Chromium that npm's @sparticuz/chromium carries; guard with `requirement('chromium')`. */
export async function launchChromium({
  webgpu = false,
  camera = false,
  timeoutMs,
}: LaunchOptions = {}): Promise<Browser> {
  const folder = await unpackBrowser();
  const executablePath = join(folder, 'chromium');
  const args = ['--no-sandbox', '--hide-scrollbars', '--font-render-hinting=none'];
  if (webgpu) args.push('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--disable-gpu-watchdog');
  // Frames come to WebGPU by what draws the page: that must be on Vulkan too.
  if (webgpu && camera)
    args.push('--use-gl=angle', '--use-angle=swiftshader', '--use-vulkan=swiftshader', '--enable-features=Vulkan');
  if (camera) args.push('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
  const env = environment(folder, executablePath);
  const protocolTimeout = timeoutMs === undefined ? {} : { protocolTimeout: timeoutMs };
  // A busy machine takes longer than Puppeteer's 30 seconds.
  return puppeteer.launch({ executablePath, args, env, headless: 'shell', timeout: 120_000, ...protocolTimeout });
}

/** Starts the Firefox that is installed, headless, with Chromium's SwiftShader; guard with `requirement('firefox')`. */
async function launchFirefox({ webgpu = false, timeoutMs }: LaunchOptions): Promise<Browser> {
  const executablePath = findFirefox();
  if (executablePath === undefined) throw new Error('no Firefox: guard with requirement("firefox")');
  const folder = await unpackBrowser();
  const driver = join(folder, 'vk_swiftshader_icd.json');
  const env = { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: folder };
  return puppeteer.launch({
    browser: 'firefox',
    executablePath,
    env,
    headless: true,
    timeout: 120_000,
    extraPrefsFirefox: { 'dom.webgpu.enabled': webgpu, 'gfx.webgpu.ignore-blocklist': webgpu },
    ...(timeoutMs === undefined ? {} : { protocolTimeout: timeoutMs }),
  });
}

/** What axe finds amiss on a page for those who see, hear or move otherwise: `impact rule: elements`. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8'));
  return (await page.evaluate(
    `axe.run().then(({ violations }) => violations
      .map(({ id, impact, nodes }) => impact + ' ' + id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
  )) as string[];
}

/** The folder with the browser, in the system's temporary folder; several processes may come here at the same time. */
export async function unpackBrowser(): Promise<string> {
  const packed = resolve(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..');
  const { version } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as { version: string };
  const folder = join(tmpdir(), `residual-chromium-${version}`);
  if (existsSync(folder)) return folder;

  const staging = await mkdtemp(`${folder}-`);
  const usual = process.env['TMPDIR'];
  try {
    // The package unpacks into the temporary folder, and takes a half-written file there for a whole one.
    process.env['TMPDIR'] = staging;
    await chromium.executablePath();
    await inflate(join(packed, 'bin', 'al2023.tar.br'));
  } finally {
    if (usual === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usual;
  }
  await writeFile(join(staging, 'fonts.conf'), `<fontconfig><dir>${folder}/fonts</dir></fontconfig>\n`);
  await rename(staging, folder).catch(async (error: unknown) => {
    await rm(staging, { recursive: true });
    if (!existsSync(folder)) throw error;
  });
  return folder;
}

/** A bare system lacks NSS and fonts: the package brings some. */
function environment(folder: string, executablePath: string): NodeJS.ProcessEnv {
  // Without a locale, pages would get the language tag en-US@posix, which Intl refuses.
  const env: NodeJS.ProcessEnv = { ...process.env, LANG: 'en_US.UTF-8', LC_ALL: 'en_US.UTF-8' };
  if (spawnSync(executablePath, ['--version']).status !== 0) {
    const others = env['LD_LIBRARY_PATH'];
    env['LD_LIBRARY_PATH'] = [join(folder, 'al2023/lib'), ...(others ? [others] : [])].join(':');
  }
  if (!existsSync('/etc/fonts')) env['FONTCONFIG_FILE'] = join(folder, 'fonts.conf');
  return env;
}
