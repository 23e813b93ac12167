/**
 * Rows of `[N, classes]` float32 that give a label's class 1, or with smoothing `1 - smoothing + smoothing / classes` and
 * the others `smoothing / classes`.
 *
 * @see Szegedy et al. 2016, arXiv:1512.00567, section 7; torch `CrossEntropyLoss(label_smoothing)`
 */
export function classTargets(labels: ArrayLike<number>, numClasses: number, smoothing = 0): Float32Array {
  const targets = new Float32Array(labels.length * numClasses).fill(smoothing / numClasses);
  for (let row = 0; row < labels.length; row++)
    targets[row * numClasses + labels[row]!] = 1 - smoothing + smoothing / numClasses;
  return targets;
}
