import { narrowToHalf } from '@residual/weights/half';
import { BYTES, type NumberType, type Shader, wgsl } from '../shaders/shader.ts';
import type { PackWeights, Plan, PlanTensor } from './plan.ts';
import type { Slot } from './plan-builder.ts';
import type { DispatchTarget } from './variants.ts';

/** Collects dispatches into a plan without a graph: each value has a buffer of its own, for measuring and checking. */
export class LoosePlan implements DispatchTarget {
  readonly #type: NumberType;
  readonly #slots: { readonly type: NumberType; readonly sizeBytes: number }[] = [];
  readonly #blocks: { readonly sizeBytes: number; readonly pack: () => Float32Array }[] = [];
  readonly #shaders: string[] = [];
  readonly #steps: Plan['steps'][number][] = [];

  /** @param type Of weights, and of values that say no other. */
  constructor(type: NumberType) {
    this.#type = type;
  }

  weights(count: number, pack: () => Float32Array): { readonly weights: number } {
    return { weights: this.#blocks.push({ sizeBytes: count * BYTES[this.#type], pack }) - 1 };
  }

  scratch(count: number, type: NumberType = this.#type): { readonly slot: number } {
    return { slot: this.#slots.push({ type, sizeBytes: count * BYTES[type] }) - 1 };
  }

  dispatch(label: string, shader: Shader, slots: readonly Slot[]): void {
    const types = slots.map((slot) => ('slot' in slot ? this.#slots[slot.slot]!.type : this.#type));
    const code = wgsl(shader, types);
    const known = this.#shaders.indexOf(code);
    const bindings = slots.map((slot) => ('slot' in slot ? { buffer: slot.slot } : slot));
    const { workgroups, uniforms } = shader;
    this.#steps.push({
      label,
      shader: known < 0 ? this.#shaders.push(code) - 1 : known,
      workgroups,
      bindings,
      ...(uniforms && { uniforms: Object.values(uniforms) }),
    });
  }

  /** The plan so far, and what makes its blocks of weights. */
  finish(
    inputs: readonly PlanTensor[],
    outputs: readonly PlanTensor[],
  ): { readonly plan: Plan; readonly pack: PackWeights } {
    const plan: Plan = {
      inputs,
      outputs,
      buffers: this.#slots.map(({ sizeBytes }) => sizeBytes),
      weights: this.#blocks.map(({ sizeBytes }) => sizeBytes),
      shaders: this.#shaders,
      steps: this.#steps,
    };
    const pack: PackWeights = (block) => {
      const numbers = this.#blocks[block]!.pack();
      return this.#type === 'f16' ? narrowToHalf(numbers, (value) => new RangeError(`${value} as a half`)) : numbers;
    };
    return { plan, pack };
  }
}
