import { ClassifierError } from '../classifier-error.ts';
import type { Heatmap } from './explanation.ts';

export interface OcclusionParts {
  /** As the network takes it, `[edgePx, edgePx, channels]`. */
  readonly input: Float32Array;
  readonly edgePx: number;
  /** What is asked for, such as a class's probability, with nothing hidden. */
  readonly score: number;
  readonly patchPx: number;
  readonly batchSize: number;
  /** The same of each input. */
  readonly scoresOf: (inputs: readonly Float32Array[]) => Promise<readonly number[]>;
}

/**
 * How much of a class's probability, or of another score, goes when a square of the picture is grey (the training set's mean), for each pixel
 * the mean over the squares that hide it; where it rises, 0.
 *
 * @see Zeiler & Fergus 2014, arXiv:1311.2901, section 4.2
 */
export async function occlusion(parts: OcclusionParts): Promise<Heatmap> {
  const { input, edgePx, score, patchPx, batchSize, scoresOf } = parts;
  if (!Number.isInteger(patchPx) || patchPx < 1 || patchPx > edgePx)
    throw new ClassifierError('BAD_OPTION', `patchPx: expected a whole number from 1 to ${edgePx}, got ${patchPx}`);
  const squares = squaresOf(edgePx, patchPx);
  const drops = new Float64Array(edgePx * edgePx);
  const counts = new Uint16Array(edgePx * edgePx);
  for (let start = 0; start < squares.length; start += batchSize) {
    const batch = squares.slice(start, start + batchSize);
    const scores = await scoresOf(batch.map((square) => hide(input, edgePx, square)));
    for (const [index, square] of batch.entries()) {
      const drop = score - scores[index]!;
      for (const pixel of pixelsOf(square, edgePx)) {
        drops[pixel]! += drop;
        counts[pixel]! += 1;
      }
    }
  }
  const data = Float32Array.from(drops, (drop, pixel) => Math.max(0, drop / counts[pixel]!));
  return { width: edgePx, height: edgePx, data };
}

interface Square {
  readonly left: number;
  readonly top: number;
  readonly edge: number;
}

/** Half a square apart, and one at each far edge, so that every pixel is hidden by some. */
function squaresOf(edgePx: number, patchPx: number): Square[] {
  const last = edgePx - patchPx;
  const step = Math.ceil(patchPx / 2);
  const starts = [...Array.from({ length: Math.ceil(last / step) }, (_, i) => i * step), last];
  return starts.flatMap((top) => starts.map((left) => ({ left, top, edge: patchPx })));
}

function hide(input: Float32Array, edgePx: number, square: Square): Float32Array {
  const channels = input.length / edgePx ** 2;
  const hidden = input.slice();
  for (const pixel of pixelsOf(square, edgePx)) hidden.fill(0, pixel * channels, (pixel + 1) * channels);
  return hidden;
}

function* pixelsOf({ left, top, edge }: Square, edgePx: number): Generator<number> {
  for (let y = top; y < top + edge; y++) for (let x = left; x < left + edge; x++) yield y * edgePx + x;
}
