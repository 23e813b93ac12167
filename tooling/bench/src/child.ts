import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Runner } from './job.ts';
import type { Answer, Question } from './messages.ts';
import { makePictures } from './pictures.ts';
import { processMemoryMB } from './process-memory.ts';
import { runnerKinds } from './runners/runners.ts';

// A process that becomes one candidate, stays, and runs when it is told to.

/** A process uses so little of a core while its threads sleep. */
const IDLE_SHARE = 0.1;
const LOOK_MS = 10;
const MOST_REST_MS = 500;

let runner: Runner;
let pictures: Float32Array;

process.on('message', (question: Question) => {
  answer(question).then(
    (reply) => process.send!(reply),
    (error: unknown) => process.send!(refusal(error)),
  );
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches all processes of a terminal; who started this one ends it.
process.on('SIGINT', () => undefined);

async function answer(question: Question): Promise<Answer> {
  if (question.kind === 'load') return load(question.job);
  const ms: number[] = [];
  for (let run = 0; run < question.runs; run++) {
    const begin = performance.now();
    await runner.run(pictures);
    ms.push(performance.now() - begin);
  }
  await threadsRest();
  return { kind: 'ran', ms, peakMB: peakMB() };
}

async function load(job: Job): Promise<Answer> {
  pictures = makePictures(job.batch, job.sizePx);
  const begin = performance.now();
  const loadModel = await runnerKinds().get(job.engine)!.load!(job);
  const libraryAt = performance.now();
  runner = await loadModel();
  const modelAt = performance.now();
  const logits = await runner.run(pictures);
  const firstAt = performance.now();
  return {
    kind: 'loaded',
    device: runner.device,
    libraryMs: libraryAt - begin,
    loadMs: modelAt - libraryAt,
    firstMs: firstAt - modelAt,
    logits: Float32Array.from(logits),
  };
}

/** onnxruntime's threads spin for 50 ms after a run, and would slow down whoever is next. */
async function threadsRest(): Promise<void> {
  const lastLookMs = performance.now() + MOST_REST_MS;
  let share = 1;
  while (share > IDLE_SHARE && performance.now() < lastLookMs) {
    const before = process.cpuUsage();
    const beginMs = performance.now();
    await sleep(LOOK_MS);
    const { user, system } = process.cpuUsage(before);
    share = (user + system) / 1000 / (performance.now() - beginMs);
  }
}

function refusal(error: unknown): Answer {
  const { message } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'refused', reason: message.split('\n', 1)[0]! };
}

/** The most memory that the process has had at once. */
function peakMB(): number {
  try {
    return processMemoryMB('self', 'VmHWM');
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}
