import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getSpec } from '@residual/resnet/registry';
import { writeSafetensors } from '@residual/weights';
import { readStateDictFile } from '@residual/weights/node';
import type { BenchHooks } from '../bench.ts';
import { BrowserContestant } from '../browser/browser-contestant.ts';
import type { BrowserOptions } from '../browser/browser-options.ts';
import { type PageServer, servePages } from '../browser/page-server.ts';
import { ContestantError } from '../contestant-error.ts';
import { describeCpu } from '../machine.ts';
import { makeWeights } from '../weights.ts';
import type { ProfiledModel, ProfileReport } from './profile-bench.ts';
import { rooflineOf } from './roofline.ts';

/** Profiles every model on every engine, each on a page of its own, one after the other. */
export async function profileInBrowser(options: BrowserOptions, hooks: BenchHooks): Promise<ProfileReport> {
  const folder = await mkdtemp(join(tmpdir(), 'residual-profile-'));
  const server = await servePages(folder);
  const profiles: ProfiledModel[] = [];
  const missing = new Map<string, string>();
  try {
    for (const model of options.models) {
      const { weightsFile } = options;
      const dict =
        weightsFile === undefined ? makeWeights(getSpec(model)) : (await readStateDictFile(weightsFile)).tensors;
      await writeFile(join(folder, `${model}.safetensors`), writeSafetensors(dict));
      for (const engine of options.engines) {
        hooks.signal.throwIfAborted();
        hooks.say(`${model}: ${engine}, ${options.rounds} runs`);
        try {
          profiles.push(await profileOnPage(model, engine, options, server));
        } catch (error) {
          if (!ContestantError.isInstance(error)) throw error;
          hooks.say(`${engine} is left out: ${error.message}`);
          missing.set(engine, error.message);
        }
      }
    }
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
  const absent = [...missing].map(([engine, reason]) => ({ engine, reason }));
  return { cpu: describeCpu(), profiles, missing: absent };
}

async function profileOnPage(
  model: string,
  engine: BrowserOptions['engines'][number],
  { sizePx, threads, rounds }: BrowserOptions,
  server: PageServer,
): Promise<ProfiledModel> {
  const weightsUrl = server.addressOf(`${model}.safetensors`);
  const job = { model, sizePx, threads, weightsUrl, onnxUrl: '', tfliteUrl: '' };
  const page = await BrowserContestant.start(engine, job, server);
  try {
    const { profile, limits } = await page.profile(rounds);
    const { device } = profile;
    const roofline = rooflineOf(profile, limits);
    return { model, batch: 1, engine, precision: 'fp32', device, isTraining: false, roofline };
  } finally {
    await page.stop();
  }
}
