import { native, tensorflow, tfjsNode } from '@residual/backend-node';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import type { Engine } from '@residual/compile';
import { setBackend, version_core } from '@tensorflow/tfjs-core';
import { say } from '../terminal/output.ts';
import { UsageError } from '../usage-error.ts';
import type { Precision, TrainingDevice } from './run-folder.ts';

/** Who computes the steps, and with how many threads; as many as there are cores unless said otherwise. */
export interface DeviceOptions {
  readonly device?: TrainingDevice | undefined;
  readonly threads?: number | undefined;
}

/**
 * The first device that is here: Residual's own kernels, TensorFlow, and tfjs in JavaScript, which is everywhere. Where it is
 * not the first, a line says which it is and why. tfjs has no bfloat16.
 *
 * `passedOver` says why so many of the first do not serve.
 *
 * @throws UsageError where none that is here computes in the precision.
 */
export async function firstTrainingDevice(
  { threads, precision }: { readonly threads?: number | undefined; readonly precision: Precision },
  passedOver: readonly string[] = [],
): Promise<TrainingDevice> {
  const reasons = [...passedOver];
  for (const device of (['native', 'tensorflow'] as const).slice(passedOver.length)) {
    const { available, reason } = await trainingEngine({ device, threads })!.isAvailable();
    if (available) {
      if (reasons.length > 0) say(`training on ${device}; not ${reasons.join('; not ')}`);
      return device;
    }
    reasons.push(`${device}: ${reason}`);
  }
  if (precision !== 'fp32')
    throw new UsageError(
      `--precision ${precision}: expected native or tensorflow here, got neither: ${reasons.join('; ')}`,
    );
  say(`training on tfjs in JavaScript, slowly; not ${reasons.join('; not ')}`);
  return 'tfjs';
}

/** The engine of the steps; none where tfjs computes them operation by operation. */
export function trainingEngine({ device, threads }: DeviceOptions, precision?: Precision): Engine | undefined {
  if (device === 'tfjs') return undefined;
  const own = { ...(threads !== undefined && { threads }), ...(precision !== undefined && { precision }) };
  return device === 'native' ? native(own) : tensorflow(own);
}

/**
 * Makes ready who computes the steps, and answers with its versions. A tfjs backend makes the first weights; its gradients
 * are what a step is traced with.
 *
 * @throws UsageError where it is not here.
 */
export async function useDevice(options: DeviceOptions): Promise<Readonly<Record<string, string>>> {
  const { device = 'tensorflow', threads } = options;
  if (device === 'tfjs') {
    await registerGradients();
    await import('@tensorflow/tfjs-backend-cpu');
    await setBackend('cpu');
    return { tfjs: version_core };
  }
  const { available, reason } = await trainingEngine(options)!.isAvailable();
  if (!available) throw new UsageError(`--device ${device}: expected it here, got none: ${reason}; ${next[device]}`);
  if (device === 'native') {
    await registerGradients();
    await tfjsWasm().use();
    return { tfjs: version_core };
  }
  const { version, runsOn } = await tfjsNode(threads === undefined ? {} : { threads }).use();
  return { tfjs: version_core, 'tfjs-node': version, tensorflow: runsOn };
}

/** tfjs-layers is the smallest package of tfjs that brings them to Node: there tfjs-core's own file of them does not load. */
async function registerGradients(): Promise<void> {
  await import('@tensorflow/tfjs-layers');
}

const next: Readonly<Record<Exclude<TrainingDevice, 'tfjs'>, string>> = {
  tensorflow: '--device native needs none',
  native: '--device tensorflow needs none',
};
