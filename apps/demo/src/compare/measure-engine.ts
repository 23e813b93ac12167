import { problemOf } from '../session/actions.ts';
import { startSession } from '../session/session.ts';
import type { EngineName, Measurement, Progress, Requests } from '../session/worker/protocol.ts';

export const comparedEngines: readonly EngineName[] = ['webgpu', 'tfjs-webgpu', 'wasm', 'tfjs-wasm'];

const RUNS = 4;

/** An engine, as far as it is measured. */
export interface EngineResult {
  readonly engine: EngineName;
  readonly device?: string;
  readonly busy?: Progress | undefined;
  /** Why there is nothing of it. */
  readonly problem?: string;
  readonly buildMs?: number;
  readonly measured?: Measurement;
}

/** Measures an engine in a worker of its own, which is gone afterwards. */
export async function measureEngine(
  engine: EngineName,
  wanted: Requests['load']['argument'],
  picture: Blob,
  set: (result: Omit<EngineResult, 'engine'>) => void,
  signal: AbortSignal,
): Promise<void> {
  const session = startSession();
  signal.addEventListener('abort', () => session.end());
  const report = (busy: Progress): void => set({ busy });
  try {
    await session.ask('start', [engine], { report });
    await session.ask('decode', picture, { report });
    const { engine: serving, buildMs } = await session.ask('load', wanted, { report });
    const measured = await session.ask('measure', { runs: RUNS }, { report });
    set({ device: serving.device, buildMs, measured });
  } catch (error) {
    set(signal.aborted ? {} : { problem: problemOf(error).message });
  } finally {
    session.end();
  }
}
