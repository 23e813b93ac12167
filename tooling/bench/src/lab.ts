#!/usr/bin/env node
// Steps a second of the demo's degradation lab in npm's Chromium, by the WebGPU plan and by tfjs on WebGPU, in turn.
//
//   pnpm --filter @residual/bench lab [plain20] [resnet20]
import { fileURLToPath } from 'node:url';
import { bundleScript, type OpenedPage, openScriptedPage } from '@residual/testing/scripted-page';
import Table from 'cli-table3';
import type { LabAnswer, LabJob } from './browser/lab-protocol.ts';
import { describeCpu } from './machine.ts';
import { median } from './statistics.ts';

/** The plan takes more steps a round, so that both take about as long. */
const STEPS: Readonly<Record<LabJob['engine'], number>> = { webgpu: 6, 'tfjs-webgpu': 1 };
const ROUNDS = 2;
const WAIT_MS = 600_000;

interface LabPage {
  readonly bundled: { begin(job: LabJob): Promise<void>; advance(steps: number): Promise<LabAnswer> };
}

interface Trainer {
  readonly engine: LabJob['engine'];
  readonly opened: OpenedPage;
  readonly rates: number[];
  firstMs: number;
  last: LabAnswer;
}

const asked = process.argv.slice(2).filter((name): name is LabJob['model'] => /^(plain|resnet)20$/.test(name));
const models = asked.length > 0 ? asked : (['plain20', 'resnet20'] as const);
const pages = fileURLToPath(new URL('../src/browser/pages', import.meta.url));
const code = await bundleScript(pages, "export * from './lab.ts';");
const table = new Table({
  head: ['net', 'trainer', 'first step, s', 'steps/s', 'min – max', '× tfjs', 'losses', 'on'],
  style: { head: [], border: [], compact: true },
});
for (const model of models) {
  const trainers: Trainer[] = [];
  try {
    for (const engine of ['webgpu', 'tfjs-webgpu'] as const) trainers.push(await start({ engine, model }));
    for (let round = 0; round < ROUNDS; round++) for (const trainer of trainers) await play(trainer);
    const peer = median(trainers[1]!.rates);
    for (const { engine, firstMs, rates, last } of trainers) {
      const digits = (rate: number): string => rate.toPrecision(3);
      table.push([
        model,
        engine,
        (firstMs / 1000).toFixed(1),
        digits(median(rates)),
        `${digits(Math.min(...rates))} – ${digits(Math.max(...rates))}`,
        (median(rates) / peer).toFixed(1),
        last.losses
          .slice(0, ROUNDS + 1)
          .map((loss) => loss.toFixed(4))
          .join(' '),
        last.device,
      ]);
    }
  } finally {
    for (const { opened } of trainers) await opened.close();
  }
}
process.stdout.write(`${describeCpu()}; ${ROUNDS} rounds in turn; medians\n${table.toString()}\n`);

/** Opens the page, and times its first step with all that comes before it. */
async function start(job: LabJob): Promise<Trainer> {
  const opened = await openScriptedPage(code, { webgpu: true, timeoutMs: WAIT_MS });
  try {
    const begin = performance.now();
    await opened.page.evaluate((job) => (globalThis as never as LabPage).bundled.begin(job), job);
    const last = await advance(opened, 1);
    return { engine: job.engine, opened, rates: [], firstMs: performance.now() - begin, last };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function play(trainer: Trainer): Promise<void> {
  const steps = STEPS[trainer.engine];
  trainer.last = await advance(trainer.opened, steps);
  trainer.rates.push((1000 * steps) / trainer.last.ms);
}

function advance({ page }: OpenedPage, steps: number): Promise<LabAnswer> {
  return page.evaluate((steps) => (globalThis as never as LabPage).bundled.advance(steps), steps);
}
