import { ScoresError } from './scores-error.ts';

/** A class and how sure the model is of it; `Label` are the names that it may have. */
export interface Prediction<Label extends string | undefined = string | undefined> {
  readonly index: number;
  /** The class's name, where labels were given. */
  readonly label: Label;
  readonly score: number;
}

/**
 * The `k` highest of `scores`, highest first; equal scores by index.
 *
 * @throws ScoresError where a score is NaN, `k` is not between 1 and their number, or the labels are not theirs.
 */
export function topK<Label extends string>(
  scores: ArrayLike<number>,
  k: number,
  labels: readonly Label[],
): Prediction<Label>[];
export function topK(scores: ArrayLike<number>, k: number): Prediction<undefined>[];
export function topK(scores: ArrayLike<number>, k: number, labels?: readonly string[]): Prediction[] {
  if (!Number.isInteger(k) || k < 1 || k > scores.length) {
    throw new ScoresError(`topK: expected k from 1 to ${scores.length} (the number of scores), got ${k}`);
  }
  if (labels && labels.length !== scores.length) {
    throw new ScoresError(`topK: expected ${scores.length} labels, one per score, got ${labels.length}`);
  }
  checkNumbers(scores);
  const order = Array.from(scores, (_, index) => index);
  order.sort((a, b) => scores[b]! - scores[a]! || a - b);
  return order.slice(0, k).map((index) => ({ index, label: labels?.[index], score: scores[index]! }));
}

/**
 * Probabilities of `logits`, computed in float64.
 *
 * @throws ScoresError where there is no logit, one is NaN or +Infinity, or all are -Infinity.
 */
export function softmax(logits: ArrayLike<number>): Float32Array {
  if (logits.length === 0) throw new ScoresError('softmax: expected at least one logit, got none');
  checkNumbers(logits);
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) highest = Math.max(highest, logits[i]!);
  if (!Number.isFinite(highest))
    throw new ScoresError(`softmax: expected finite logits, got ${highest} as the highest`);
  const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = exponentials.reduce((total, exponential) => total + exponential, 0);
  return Float32Array.from(exponentials, (exponential) => exponential / sum);
}

function checkNumbers(scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i]!)) {
      throw new ScoresError(
        `score ${i} of ${scores.length}: expected a number, got NaN; check the weights and the input`,
      );
    }
  }
}
