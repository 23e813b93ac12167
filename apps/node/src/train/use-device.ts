import { native, tensorflow, tfjsNode } from '@residual/backend-node';
import { tfjsWasm } from '@residual/backend-wasm/node';
import type { Engine } from '@residual/compile';
import { version_core } from '@tensorflow/tfjs-core';
import { UsageError } from '../usage-error.ts';
import type { Precision, TrainingDevice } from './run-folder.ts';

/** Who computes the steps, and with how many threads; as many as there are cores unless said otherwise. */
export interface DeviceOptions {
  readonly device?: TrainingDevice | undefined;
  readonly threads?: number | undefined;
}

/** The engine of the steps. */
export function trainingEngine({ device, threads }: DeviceOptions, precision?: Precision): Engine {
  const own = threads === undefined ? {} : { threads };
  return device === 'native' ? native(own) : tensorflow({ ...own, ...(precision === undefined ? {} : { precision }) });
}

/**
 * Makes ready who computes the steps, and answers with its versions. A tfjs backend makes the first weights; its gradients
 * are what a step is traced with.
 *
 * @throws UsageError where it is not here.
 */
export async function useDevice(options: DeviceOptions): Promise<Readonly<Record<string, string>>> {
  const { device = 'tensorflow', threads } = options;
  const { available, reason } = await trainingEngine(options).isAvailable();
  if (!available) throw new UsageError(`--device ${device}: expected it here, got none: ${reason}; ${next[device]}`);
  if (device === 'native') {
    await import('@tensorflow/tfjs');
    await tfjsWasm().use();
    return { tfjs: version_core };
  }
  const { version, runsOn } = await tfjsNode(threads === undefined ? {} : { threads }).use();
  return { tfjs: version_core, 'tfjs-node': version, tensorflow: runsOn };
}

const next: Readonly<Record<TrainingDevice, string>> = {
  tensorflow: '--device native needs none',
  native: '--device tensorflow needs none',
};
