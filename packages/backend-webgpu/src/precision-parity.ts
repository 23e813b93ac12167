import type { Executable, Graph, Weights } from '@residual/compile';
import { type WebgpuOptions, type WebgpuPrecision, webgpu } from './webgpu-engine.ts';

/** A network's times in one precision, in milliseconds. */
export interface PrecisionTimes {
  /** Until the network was ready, weights packed and pipelines compiled; the check of the device is in the first one's. */
  readonly buildMs: number;
  readonly firstMs: number;
  /** The median of the runs after the first. */
  readonly warmMs: number;
  /** By dispatch, and how it is computed. */
  readonly layers: readonly { readonly name: string; readonly algorithm: string; readonly ms: number }[];
}

/** How far a network's answers in float16 are from those in float32, on one adapter, and what both take. */
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
  readonly times: Readonly<Record<WebgpuPrecision, PrecisionTimes>>;
}

/** Runs after the first, at least. */
const WARM_RUNS = 5;

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
  images: readonly [Float32Array, ...(readonly Float32Array[])],
  { device }: Pick<WebgpuOptions, 'device'> = {},
): Promise<PrecisionParity> {
  const engine = webgpu(device === undefined ? {} : { device });
  const answersIn = async (precision: WebgpuPrecision) => {
    const beginMs = performance.now();
    const executable = await engine.compile(graph, weights, { precision });
    const buildMs = performance.now() - beginMs;
    try {
      const classes = executable.outputs.find(({ name }) => name === 'logits')!.shape.at(-1)!;
      const rows: Float32Array[] = [];
      const runsMs: number[] = [];
      for (let run = 0; run < Math.max(images.length, 1 + WARM_RUNS); run++) {
        const image = images[run % images.length]!;
        const startMs = performance.now();
        const { logits } = await executable.run({ image });
        runsMs.push(performance.now() - startMs);
        if (run >= images.length) continue;
        for (let at = 0; at < logits!.length; at += classes)
          rows.push((logits as Float32Array).subarray(at, at + classes));
      }
      const [firstMs, ...others] = runsMs as [number, ...number[]];
      const warmMs = others.sort((a, b) => a - b)[others.length >> 1]!;
      const times = { buildMs, firstMs, warmMs, layers: await layersOf(executable, images[0]) };
      return { rows, adapter: executable.info.device, times };
    } finally {
      await executable.dispose();
    }
  };
  const { rows: exact, adapter, times: fp32 } = await answersIn('fp32');
  const { rows: half, times: fp16 } = await answersIn('fp16');
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
  return { adapter, pictures: exact.length, largestDifference, largestLogit, sameTop1, times: { fp32, fp16 } };
}

async function layersOf(executable: Executable, image: Float32Array): Promise<PrecisionTimes['layers']> {
  const { steps } = await executable.profile!({ image }, { runs: 3 });
  return steps.map(({ name, algorithm, timeMs }) => ({ name, algorithm, ms: timeMs }));
}

function firstClass(row: Float32Array): number {
  return row.indexOf(Math.max(...row));
}
