import { computedOutputs, type Graph, sliceSplits } from '@residual/compile';
import { lowerGraph } from './plan/lower-graph.ts';
import { LENGTH_BYTES, type PlanHeader } from './plan/plan-format.ts';
import { defaultVariant } from './plan/variants.ts';

export interface PlanFileOptions {
  /** `fp16` is half as large. Default `fp32`. */
  readonly precision?: 'fp32' | 'fp16';
}

/** A file in pieces, as they are to be written. */
export interface PlanFile {
  readonly chunks: Iterable<Uint8Array>;
  readonly sizeBytes: number;
}

/**
 * Writes an optimised graph with its weights bound as a plan file, for `@residual/backend-webgpu/runtime`.
 *
 * @throws EngineError (`UNSUPPORTED_NODE`) for an operation without a shader; as pieces are made, `UNAVAILABLE` for weights beyond
 * the range of fp16.
 */
export function planFile(graph: Graph, { precision = 'fp32' }: PlanFileOptions = {}): PlanFile {
  const type = precision === 'fp16' ? 'f16' : 'f32';
  const { plan, pack } = lowerGraph(
    computedOutputs(sliceSplits(graph)),
    (convolution) => defaultVariant(convolution),
    type,
  );
  const header: PlanHeader = { format: 'residual-plan', version: 1, plan };
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Spaces, which are nothing in JSON, until the weights begin at a multiple of four.
  const head = new Uint8Array(LENGTH_BYTES + Math.ceil(json.length / 4) * 4).fill(0x20);
  new DataView(head.buffer).setUint32(0, head.length - LENGTH_BYTES, true);
  head.set(json, LENGTH_BYTES);
  return {
    sizeBytes: plan.weights.reduce((sum, size) => sum + size, head.length),
    chunks: (function* () {
      yield head;
      for (const block of plan.weights.keys()) yield bytesOf(pack(block));
    })(),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
