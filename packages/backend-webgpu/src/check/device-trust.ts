import type { VariantMemory } from '../plan/measure-variants.ts';
import { type ConvolutionVariant, candidateVariants, isSplit, type VariantsInUse } from '../plan/variants.ts';
import type { DeviceInUse } from '../runtime/device-source.ts';
import { PlanError } from '../runtime/plan-error.ts';
import type { NumberType } from '../shaders/shader.ts';
import { checkDevice, type WrongLayers } from './check-device.ts';
import { MIDDLE, NARROWEST } from './check-net.ts';

const NONE: VariantsInUse = { narrow: new Set(), pointwise: new Set(), window: new Set() };

/** What an engine's devices have been found to compute rightly; each is asked once. */
export class DeviceTrust {
  readonly #memory: VariantMemory;
  /** By number type and variants. */
  readonly #asked = new WeakMap<GPUDevice, Map<string, Promise<WrongLayers>>>();

  constructor(memory: VariantMemory) {
    this.#memory = memory;
  }

  /**
   * @param variants That a network takes.
   * @throws PlanError (`UNAVAILABLE`) for a device that computes one of them wrongly, or a layer of another kind.
   */
  async require(inUse: DeviceInUse, type: NumberType, variants: VariantsInUse): Promise<void> {
    refuse(await this.#ask(inUse, type, variants));
  }

  /**
   * Whether the device computes a variant rightly. Of split kernels, whatever their blocking, all are right or none.
   *
   * @throws PlanError as {@link require}, for a device that computes the simplest kernels wrongly.
   */
  async rightVariants(inUse: DeviceInUse, type: NumberType): Promise<(variant: ConvolutionVariant) => boolean> {
    await this.require(inUse, type, NONE);
    // The net has few channels, so its own shape would name no split kernels; a kernel that is right on few channels is
    // right on many.
    const deep = { ...MIDDLE, inVectors: 64 };
    const candidates = candidateVariants(deep, inUse.device.features as ReadonlySet<string>, type);
    // The first one's values go on to the layers after it, which are to be right.
    const window = new Set([NARROWEST, ...candidates.filter(isSpecial)]);
    const wrong = Object.keys(await this.#ask(inUse, type, { ...NONE, window }));
    const areSplitsRight = !wrong.some((layer) => layer.includes(', split '));
    return (variant) => (isSplit(variant) ? areSplitsRight : wrong.every((layer) => !layer.endsWith(`, ${variant}`)));
  }

  #ask(inUse: DeviceInUse, type: NumberType, variants: VariantsInUse): Promise<WrongLayers> {
    const known = this.#asked.get(inUse.device) ?? new Map<string, Promise<WrongLayers>>();
    this.#asked.set(inUse.device, known);
    const key = JSON.stringify([type, ...Object.values(variants).map((ways) => [...ways])]);
    const asked = known.get(key) ?? checkDevice(inUse, type, variants, this.#memory);
    known.set(key, asked);
    asked.catch(() => known.delete(key));
    return asked;
  }
}

/** Whether a layer can be computed otherwise. */
function isSpecial(layer: string): boolean {
  return /^(split|tiled|subgroups|winograd)/.test(layer);
}

function refuse(wrong: WrongLayers): void {
  const [first] = Object.entries(wrong);
  if (first === undefined) return;
  const [layer, got] = first;
  const expected = 'expected a device that computes as the CPU does';
  throw new PlanError(
    'UNAVAILABLE',
    `webgpu: ${expected}, got layer '${layer}' ${got}; update the GPU's driver, or take wasm()`,
  );
}
