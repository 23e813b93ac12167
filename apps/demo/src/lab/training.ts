import type { LabMessage, LabSettings } from './protocol.ts';

/** A training of the lab, as far as it is. */
export interface LabRun {
  readonly id: number;
  readonly settings: LabSettings;
  readonly runsOn?: string;
  /** Share of the steps that are done. */
  readonly done: number;
  readonly losses: readonly number[];
  /** Percentages, one per epoch. */
  readonly trainError: readonly number[];
  readonly testError: readonly number[];
  readonly state: 'running' | 'ended' | 'stopped' | 'failed';
  readonly problem?: string;
}

/** The run after a message. */
export function advanced(run: LabRun, message: LabMessage): LabRun {
  switch (message.kind) {
    case 'device':
      return { ...run, runsOn: message.runsOn };
    case 'step':
      return { ...run, done: message.step / message.steps, losses: [...run.losses, message.loss] };
    case 'epoch':
      return {
        ...run,
        trainError: [...run.trainError, message.trainError],
        testError: [...run.testError, message.testError],
      };
    case 'end':
      return { ...run, state: 'ended', done: 1 };
    case 'problem':
      return { ...run, state: 'failed', problem: message.message };
  }
}

/** Trains in a worker of its own. Gives what stops it at once. */
export function startTraining(settings: LabSettings, hear: (message: LabMessage) => void): () => void {
  const worker = new Worker(new URL('./lab-worker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<LabMessage>) => {
    hear(data);
    if (data.kind === 'end' || data.kind === 'problem') worker.terminate();
  });
  worker.addEventListener('error', ({ message }) => {
    worker.terminate();
    hear({ kind: 'problem', message: message || 'the code of the training could not be loaded' });
  });
  worker.postMessage(settings);
  return () => worker.terminate();
}
