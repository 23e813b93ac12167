import { EngineError } from '@residual/compile';
import { exitCode } from '../exit-code.ts';
import { counted } from '../folder-note.ts';
import { parseCount } from '../parse-count.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { finishRun } from './finish-run.ts';
import { abandonRun, createRun, type RunSettings, readRun, type TrainingDevice } from './run-folder.ts';
import { ownVersions, type PlannedRun, planRun, type RunFlags } from './run-settings.ts';
import { runTraining } from './run-training.ts';
import { readTrainingParts, type TrainingParts } from './training-data.ts';
import { firstTrainingDevice, useDevice } from './use-device.ts';

/** Trains a model in a run's folder, from the start or from where it was. Gives the exit code. */
export async function trainModel(flags: RunFlags, signal: AbortSignal): Promise<number> {
  return flags.resume ? resumeRun(flags, signal) : startRun(await planRun(flags), flags, signal);
}

/** Starts a run in a new folder. */
export async function startRun(plan: PlannedRun, flags: RunFlags, signal: AbortSignal): Promise<number> {
  const options = { threads: readThreads(flags), precision: flags.precision };
  const device = plan.device ?? (await firstTrainingDevice(options));
  const versions = await useDevice({ device, threads: options.threads });
  const data = await readTrainingParts(plan.data, { limit: plan.limit, decode: plan.decode, signal });
  const run = (on: TrainingDevice, versions: RunSettings['versions']): Promise<number> =>
    completeNewRun({ ...plan, device: on, versions: { ...ownVersions(), ...versions } }, data, flags, signal);
  try {
    return await run(device, versions);
  } catch (error) {
    if (plan.device !== undefined || device !== 'native' || !lacksKernel(error)) throw error;
    const next = await firstTrainingDevice(options, [error.message]);
    return run(next, await useDevice({ device: next, threads: options.threads }));
  }
}

/** Whether the engine cannot compute what the model needs. */
function lacksKernel(error: unknown): error is EngineError {
  return EngineError.isInstance(error) && error.code === 'UNSUPPORTED_NODE';
}

async function completeNewRun(
  planned: RunSettings,
  data: TrainingParts,
  flags: RunFlags,
  signal: AbortSignal,
): Promise<number> {
  const settings = { ...planned, ...(data.leftOut.length > 0 && { leftOut: data.leftOut }) };
  await createRun(flags.out, settings);
  try {
    return await completeRun(settings, data, flags, signal);
  } catch (error) {
    await abandonRun(flags.out);
    throw error;
  }
}

/** Goes on with the run in the folder, with its own settings. */
export async function resumeRun(flags: RunFlags, signal: AbortSignal): Promise<number> {
  const settings = await readRun(flags.out);
  await useDevice({ device: settings.device, threads: readThreads(flags) });
  const { data, limit, decode, leftOut = [] } = settings;
  return completeRun(settings, await readTrainingParts(data, { limit, decode, leftOut, signal }), flags, signal);
}

async function completeRun(
  settings: RunSettings,
  data: TrainingParts,
  flags: RunFlags,
  signal: AbortSignal,
): Promise<number> {
  const { out, json = false } = flags;
  const result = await runTraining(out, settings, data, { signal, threads: readThreads(flags) });
  const { step, history } = result.progress;
  if (result.stopped) {
    say(`residual: stopped after step ${step}; --resume --out ${out} goes on`);
    return exitCode.interrupted;
  }
  const { weights, evaluation } = await finishRun(out, settings, data.train.classes, result);
  const leftOut = data.leftOut.length;
  const code = leftOut > 0 ? exitCode.failure : exitCode.success;
  if (json) {
    const test = evaluation && { top1: evaluation.top1, top5: evaluation.top5 };
    printJson({ weights, ...history.at(-1), ...test, leftOut });
    return code;
  }
  const { correct, total, top1 } = evaluation ?? {};
  const test = evaluation === undefined ? '' : `, ${correct} of ${total} test pictures right (${top1!.toFixed(2)} %)`;
  const bad = leftOut > 0 ? `; ${counted(leftOut, 'picture')} left out` : '';
  print(`${weights}: ${step} steps${test}${bad}`);
  return code;
}

function readThreads({ threads }: RunFlags): number | undefined {
  return threads === undefined ? undefined : parseCount('--threads', threads);
}
