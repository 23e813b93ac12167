import type { FineTuneReport } from '@residual/train';

/** Which tensors are new, and how many are trained, in a line. */
export function describeFineTuning({ newTensors, trained, frozen, unused }: FineTuneReport): string {
  const dropped = unused.length === 0 ? '' : `, in place of the weights' ${unused.join(', ')}`;
  const counts = `${trained.length} parameters trained, ${frozen.length} frozen`;
  return `new: ${newTensors.join(', ')}${dropped}; ${counts}`;
}
