#!/usr/bin/env node
// Frames a second that `followVideo` has computed of a camera, in npm's Chromium with its made-up camera: by WebGPU and as WASM, in turn.
//
//   pnpm --filter @residual/bench video [MODEL] [SIZE]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { getSpec } from '@residual/resnet/registry';
import { launchChromium } from '@residual/testing/browser';
import { writeSafetensors } from '@residual/weights';
import Table from 'cli-table3';
import { servePages } from './browser/page-server.ts';
import { type VideoEngine, type VideoPage, videoEngines } from './browser/video-protocol.ts';
import { describeCpu } from './machine.ts';
import { median } from './statistics.ts';
import { makeWeights } from './weights.ts';

const ROUNDS = 3;
const SECONDS = 4;
const WAIT_MS = 600_000;

declare const residualVideo: VideoPage;

const [model = 'resnet18', size = '224'] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'residual-video-'));
let server: Awaited<ReturnType<typeof servePages>> | undefined;
let browser: Awaited<ReturnType<typeof launchChromium>> | undefined;
try {
  server = await servePages(folder);
  browser = await launchChromium({ webgpu: true, camera: true, timeoutMs: WAIT_MS });
  await writeFile(join(folder, 'weights.safetensors'), writeSafetensors(makeWeights(getSpec(model))));
  const page = await browser.newPage();
  await page.goto(server.addressOf('video'));
  await page.waitForFunction('"residualVideo" in globalThis', { timeout: 30_000 });
  const job = {
    model,
    sizePx: Number(size),
    weightsUrl: server.addressOf('weights.safetensors'),
    threads: availableParallelism(),
  };
  const { devices, camera } = await page.evaluate((given) => residualVideo.load(given), job);
  const follow = (engine: VideoEngine, seconds: number) =>
    page.evaluate((...given) => residualVideo.follow(...given), engine, seconds);
  // The first frame makes what all that follow share.
  for (const engine of videoEngines) await follow(engine, 0);
  const rates = new Map<VideoEngine, number[]>(videoEngines.map((engine) => [engine, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const engine of videoEngines) rates.get(engine)!.push((await follow(engine, SECONDS)).framesPerSecond);
  const table = new Table({
    head: ['model', 'engine', 'frames/s', 'min – max', 'on'],
    style: { head: [], border: [], compact: true },
  });
  for (const [engine, measured] of rates) {
    const range = [Math.min(...measured), Math.max(...measured)].map((rate) => rate.toPrecision(3)).join(' – ');
    table.push([`${model}, ${size}²`, engine, median(measured).toPrecision(3), range, devices[engine]]);
  }
  process.stdout.write(`${describeCpu()}; camera of ${camera}; ${ROUNDS} rounds in turn; medians\n${table}\n`);
} finally {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true });
}
