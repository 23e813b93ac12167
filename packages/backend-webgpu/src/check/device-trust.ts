import type { VariantMemory } from '../plan/measure-variants.ts';
import { type ConvolutionVariant, candidateVariants } from '../plan/variants.ts';
import type { DeviceInUse } from '../runtime/device-source.ts';
import { PlanError } from '../runtime/plan-error.ts';
import type { NumberType } from '../shaders/shader.ts';
import { checkDevice, type WrongLayers } from './check-device.ts';
import { MIDDLE } from './check-net.ts';

/** Of the kind that all layers take where nothing is measured. */
const USUAL: ConvolutionVariant = 'direct 2×1';

/** What an engine's devices have been found to compute rightly; each is asked once. */
export class DeviceTrust {
  readonly #memory: VariantMemory;
  /** By number type and variants. */
  readonly #asked = new WeakMap<GPUDevice, Map<string, Promise<WrongLayers>>>();

  constructor(memory: VariantMemory) {
    this.#memory = memory;
  }

  /** @throws PlanError (`UNAVAILABLE`) for a device that computes wrongly what every network needs. */
  async require(inUse: DeviceInUse, type: NumberType): Promise<void> {
    refuse(await this.#ask(inUse, type, [USUAL]));
  }

  /**
   * Whether the device computes a variant rightly.
   *
   * @throws PlanError as {@link require}.
   */
  async rightVariants(inUse: DeviceInUse, type: NumberType): Promise<(variant: ConvolutionVariant) => boolean> {
    await this.require(inUse, type);
    const candidates = candidateVariants(MIDDLE, inUse.device.features as ReadonlySet<string>, type);
    const wrong = await this.#ask(inUse, type, [USUAL, ...candidates.filter(isSpecial)]);
    return (variant) => !(variant in wrong);
  }

  #ask(inUse: DeviceInUse, type: NumberType, variants: readonly ConvolutionVariant[]): Promise<WrongLayers> {
    const known = this.#asked.get(inUse.device) ?? new Map<string, Promise<WrongLayers>>();
    this.#asked.set(inUse.device, known);
    const key = [type, ...variants].join();
    const asked = known.get(key) ?? checkDevice(inUse, type, variants, this.#memory);
    known.set(key, asked);
    asked.catch(() => known.delete(key));
    return asked;
  }
}

/** Whether a layer can be computed otherwise. */
function isSpecial(layer: string): boolean {
  return /^(tiled|subgroups|winograd)/.test(layer);
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
