import type { Graph, Weights } from '@residual/compile';
import { type WebgpuOptions, type WebgpuPrecision, webgpu } from './webgpu-engine.ts';

/** How far a network's answers in float16 are from those in float32, on one adapter. */
export interface PrecisionParity {
  readonly adapter: string;
  /** How many pictures were compared. */
  readonly pictures: number;
  /** Between two logits of the same class and picture. */
  readonly largestDifference: number;
  /** By magnitude, in float32: what the difference is to be compared with. */
  readonly largestLogit: number;
  /** Pictures whose first class is the same. */
  readonly sameTop1: number;
}

/**
 * Runs a network in float32 and in float16 on the adapter that is there, and compares the answers. For a page, or a person, who
 * wants to know before choosing `fp16`; drivers differ.
 *
 * @param graph Traced, with an input `image` and an output `logits`, `[batch, classes]`.
 * @param images Pictures as the graph takes them, each of a whole batch.
 * @throws EngineError as `webgpu().compile`.
 */
export async function precisionParity(
  graph: Graph,
  weights: Weights,
  images: readonly Float32Array[],
  { device }: Pick<WebgpuOptions, 'device'> = {},
): Promise<PrecisionParity> {
  const engine = webgpu(device === undefined ? {} : { device });
  const answersIn = async (precision: WebgpuPrecision) => {
    const executable = await engine.compile(graph, weights, { precision });
    try {
      const classes = executable.outputs.find(({ name }) => name === 'logits')!.shape.at(-1)!;
      const rows: Float32Array[] = [];
      for (const image of images) {
        const { logits } = await executable.run({ image });
        for (let at = 0; at < logits!.length; at += classes)
          rows.push((logits as Float32Array).subarray(at, at + classes));
      }
      return { rows, adapter: executable.info.device };
    } finally {
      await executable.dispose();
    }
  };
  const { rows: exact, adapter } = await answersIn('fp32');
  const { rows: half } = await answersIn('fp16');
  let [largestDifference, largestLogit, sameTop1] = [0, 0, 0];
  for (const [index, row] of exact.entries()) {
    const other = half[index]!;
    for (const [at, logit] of row.entries()) {
      const difference = Math.abs(logit - other[at]!);
      largestDifference = Math.max(difference, largestDifference);
      largestLogit = Math.max(largestLogit, Math.abs(logit));
    }
    if (firstClass(row) === firstClass(other)) sameTop1 += 1;
  }
  return { adapter, pictures: exact.length, largestDifference, largestLogit, sameTop1 };
}

function firstClass(row: Float32Array): number {
  return row.indexOf(Math.max(...row));
}
