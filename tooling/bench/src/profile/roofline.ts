import type { Profile, ProfileStep } from '@residual/compile';
import type { Limits } from './limits.ts';

/** A step against what the machine could do. */
export interface RooflineStep extends ProfileStep {
  /** Of the sum of all steps' times. */
  readonly share: number;
  readonly multiplyAddsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Share of the peak, by the multiply-adds of the convolution as it is defined; above 1 where Winograd saves some. */
  readonly ofPeak: number;
  /** Share of the memory's bandwidth; above 1 where what is read lies in caches. */
  readonly ofBandwidth: number;
  /**
   * What is left of its time beyond what its multiply-adds at peak or its bytes at full bandwidth would take: of the
   * multiply-adds as defined and as done, whichever are fewer.
   */
  readonly gainMs: number;
}

/** All steps together, in the same terms. */
export type RooflineTotal = Omit<RooflineStep, 'name' | 'kind' | 'algorithm' | 'shape' | 'filterShape'>;

/** A profile against the machine's limits, the steps sorted by what could be gained. */
export interface Roofline extends Omit<Profile, 'steps' | 'outputs'> {
  readonly limits: Limits;
  readonly steps: readonly RooflineStep[];
  readonly total: RooflineTotal;
}

export function rooflineOf(profile: Omit<Profile, 'outputs'>, limits: Limits): Roofline {
  const wholeMs = sumOf(profile.steps, 'timeMs');
  const steps = profile.steps.map((step) => ({ ...step, ...against(step, limits, wholeMs) }));
  const sums = {
    timeMs: wholeMs,
    multiplyAdds: sumOf(steps, 'multiplyAdds'),
    computedMultiplyAdds: sumOf(steps, 'computedMultiplyAdds'),
    weightBytes: sumOf(steps, 'weightBytes'),
    readBytes: sumOf(steps, 'readBytes'),
    writtenBytes: sumOf(steps, 'writtenBytes'),
  };
  const total = { ...sums, ...against(sums, limits, wholeMs), gainMs: sumOf(steps, 'gainMs') };
  return { ...profile, limits, steps: steps.sort((a, b) => b.gainMs - a.gainMs), total };
}

type Measured = Pick<
  ProfileStep,
  'timeMs' | 'multiplyAdds' | 'computedMultiplyAdds' | 'weightBytes' | 'readBytes' | 'writtenBytes'
>;

function against(step: Measured, limits: Limits, wholeMs: number) {
  const { timeMs, multiplyAdds, computedMultiplyAdds } = step;
  const bytes = bytesOf(step);
  const fewest = Math.min(multiplyAdds, computedMultiplyAdds);
  const leastMs = 1000 * Math.max(fewest / limits.multiplyAddsPerSecond, bytes / limits.bytesPerSecond);
  const perSecond = (count: number): number => (timeMs === 0 ? 0 : (1000 * count) / timeMs);
  return {
    share: wholeMs === 0 ? 0 : timeMs / wholeMs,
    multiplyAddsPerSecond: perSecond(multiplyAdds),
    bytesPerSecond: perSecond(bytes),
    ofPeak: perSecond(multiplyAdds) / limits.multiplyAddsPerSecond,
    ofBandwidth: perSecond(bytes) / limits.bytesPerSecond,
    gainMs: Math.max(0, timeMs - leastMs),
  };
}

/** What a step takes from memory and puts there. */
export function bytesOf({
  weightBytes,
  readBytes,
  writtenBytes,
}: Pick<Measured, 'weightBytes' | 'readBytes' | 'writtenBytes'>): number {
  return weightBytes + readBytes + writtenBytes;
}

function sumOf<Field extends string>(steps: readonly Readonly<Record<Field, number>>[], field: Field): number {
  return steps.reduce((sum, step) => sum + step[field], 0);
}
