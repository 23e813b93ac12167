import { TrainError } from './train-error.ts';

/** How good a classifier is on a data set; percentages are of 100. */
export interface Evaluation {
  readonly total: number;
  readonly correct: number;
  readonly top1: number;
  readonly top5: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Percentage of each class's pictures that are classified right; NaN for a class without any. */
  readonly perClass: readonly number[];
  /** Rows are the true classes, columns the answers. */
  readonly confusion: readonly (readonly number[])[];
  /** Expected calibration error: how far confidence and accuracy are apart, 0 to 1. @see Guo et al. 2017, arXiv:1706.04599 */
  readonly calibrationError: number;
}

const BINS = 15;

/** Gathers answers batch by batch. */
export class EvaluationCounter {
  readonly #numClasses: number;
  readonly #confusion: number[][];
  readonly #bins = Array.from({ length: BINS }, () => ({ count: 0, correct: 0, confidence: 0 }));
  #total = 0;
  #inTop5 = 0;
  #loss = 0;

  constructor(numClasses: number) {
    this.#numClasses = numClasses;
    this.#confusion = Array.from({ length: numClasses }, () => new Array<number>(numClasses).fill(0));
  }

  /** Rows of logits `[count or more, classes]` and the true classes. */
  add(logits: Float32Array, labels: ArrayLike<number>): void {
    for (let row = 0; row < labels.length; row++) {
      const scores = logits.subarray(row * this.#numClasses, (row + 1) * this.#numClasses);
      this.#addRow(scores, labels[row]!);
    }
  }

  #addRow(scores: Float32Array, label: number): void {
    const answer = argMax(scores);
    const highest = scores[answer]!;
    const sum = scores.reduce((total, score) => total + Math.exp(score - highest), 0);
    if (Number.isNaN(sum))
      throw new TrainError(
        'LOSS_NOT_FINITE',
        'evaluation',
        'expected finite logits, got NaN; the weights have diverged',
      );
    this.#total += 1;
    this.#confusion[label]![answer]! += 1;
    this.#inTop5 += Number(rankOf(scores, label) < 5);
    this.#loss += Math.log(sum) + highest - scores[label]!;
    const confidence = 1 / sum;
    const bin = this.#bins[Math.min(Math.ceil(confidence * BINS), BINS) - 1]!;
    bin.count += 1;
    bin.confidence += confidence;
    bin.correct += Number(answer === label);
  }

  result(): Evaluation {
    const total = this.#total;
    const correct = this.#confusion.reduce((sum, row, label) => sum + row[label]!, 0);
    const gaps = this.#bins.map((bin) => Math.abs(bin.correct - bin.confidence));
    return {
      total,
      correct,
      top1: (100 * correct) / total,
      top5: (100 * this.#inTop5) / total,
      loss: this.#loss / total,
      perClass: this.#confusion.map((row, label) => (100 * row[label]!) / row.reduce((sum, count) => sum + count, 0)),
      confusion: this.#confusion.map((row) => [...row]),
      calibrationError: gaps.reduce((sum, gap) => sum + gap, 0) / total,
    };
  }
}

/** The index of the largest number, the first of several. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index;
  return best;
}

/** How many classes come before `label`: those with a higher score, and earlier ones with the same. */
function rankOf(scores: Float32Array, label: number): number {
  const own = scores[label]!;
  let before = 0;
  for (const [index, score] of scores.entries()) before += Number(score > own || (score === own && index < label));
  return before;
}
