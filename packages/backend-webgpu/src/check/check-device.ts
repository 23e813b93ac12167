import { deviceKey } from '../plan/device-key.ts';
import type { VariantMemory } from '../plan/measure-variants.ts';
import type { VariantsInUse } from '../plan/variants.ts';
import type { DeviceInUse } from '../runtime/device-source.ts';
import { PlanRunner } from '../runtime/plan-runner.ts';
import type { NumberType } from '../shaders/shader.ts';
import { checkNet } from './check-net.ts';

/** A device may be wrong in its second run alone. */
const RUNS = 2;

/** Of the largest number of a layer; sums in another order are 1e-6 off, Winograd's F(4×4) 1e-5, halves 1e-3. */
const TOLERANCE: Readonly<Record<NumberType, number>> = { f32: 1e-3, f16: 1e-2 };

/** Layers whose numbers were wrong, in the net's order, and how. */
export type WrongLayers = Readonly<Record<string, string>>;

/**
 * Runs a small net twice, on two pictures, and compares every layer with the host's numbers; a result is kept by adapter,
 * driver, browser and shaders, and then nothing is run.
 *
 * @param variants Of convolutions by kind, each of which is run; the layers bear their names.
 */
export async function checkDevice(
  { device, pipelines }: DeviceInUse,
  type: NumberType,
  variants: VariantsInUse,
  memory: VariantMemory,
): Promise<WrongLayers> {
  const net = checkNet(variants, type);
  const key = deviceKey(device, 'check', net.plan.shaders.join());
  const kept = keptResult(await memory.get(key).catch(() => undefined));
  if (kept !== undefined) return kept;
  const runner = await PlanRunner.create(device, net.plan, net.pack, { pipelines });
  const wrong: Record<string, string> = {};
  try {
    for (let run = 0; run < RUNS; run++) {
      const image = net.input(run);
      const running = runner.run({ image });
      const expected = net.expected(image);
      const got = await running;
      for (const { name } of net.plan.outputs) {
        const error = difference(got[name]!, expected[name]!);
        // A comparison that holds for no NaN.
        if (!(error <= TOLERANCE[type]))
          wrong[name] ??= `${error.toPrecision(2)} of its largest number off in run ${run + 1}`;
      }
    }
  } finally {
    runner.destroy();
  }
  await memory.set(key, JSON.stringify(wrong)).catch(() => undefined);
  return wrong;
}

/** Undefined where nothing is kept, or nothing that can be read: a file may be torn. */
function keptResult(text: string | undefined): WrongLayers | undefined {
  try {
    const kept: unknown = JSON.parse(text ?? '');
    return typeof kept === 'object' && kept !== null ? (kept as WrongLayers) : undefined;
  } catch {
    return undefined;
  }
}

/** The largest difference, of the largest number that is expected. */
function difference(got: Float32Array, expected: Float32Array): number {
  let [largest, error] = [0, 0];
  for (const [at, value] of expected.entries()) {
    largest = Math.max(largest, Math.abs(value));
    error = Math.max(error, Math.abs(got[at]! - value));
  }
  return error / largest;
}
