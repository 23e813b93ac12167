/** A way to do the same work, and how long it takes. */
export interface Trial<Name> {
  readonly name: Name;
  /** The milliseconds of one of so many runs that follow each other. */
  timeMs(repeats: number): Promise<number>;
}

export interface TrialRules {
  /** What a measurement must take to be seen: the clock's steps and the way to the device are small beside it. */
  readonly visibleMs: number;
  /** Whether there is no time for more. */
  readonly isOver: () => boolean;
}

const ROUNDS = 5;
const MOST_REPEATS = 4096;

/** Of the first one's time; what wins by less is as fast. */
const MARGIN = 0.97;

/** Slower than the fastest by this in the first look, a trial is not looked at again. */
const HOPELESS = 3;

/**
 * The fastest by the median of rounds in which all take turns, after a run to warm up; the first unless another is faster
 * by more than noise.
 *
 * @returns Undefined where time was over before that is known.
 */
export async function fastestTrial<Name>(
  trials: readonly [Trial<Name>, ...Trial<Name>[]],
  { visibleMs, isOver }: TrialRules,
): Promise<Name | undefined> {
  const known: { readonly trial: Trial<Name>; readonly repeats: number; readonly onceMs: number; times: number[] }[] =
    [];
  for (const trial of trials) {
    if (isOver()) return undefined;
    await trial.timeMs(1);
    const { repeats, onceMs } = await visibleRepeats(trial, visibleMs);
    known.push({ trial, repeats, onceMs, times: [] });
  }
  const limitMs = HOPELESS * Math.min(...known.map(({ onceMs }) => onceMs));
  const hopeful = known.filter(({ onceMs }, index) => index === 0 || onceMs <= limitMs);
  for (let round = 0; round < ROUNDS && hopeful.length > 1; round++) {
    for (const one of hopeful) {
      if (isOver()) return undefined;
      one.times.push(await one.trial.timeMs(one.repeats));
    }
  }
  const [first, ...others] = hopeful.map(({ trial: { name }, times }) => ({ name, ms: median(times) }));
  let best = { name: first!.name, ms: first!.ms * MARGIN };
  for (const other of others) if (other.ms < best.ms) best = other;
  return best.name;
}

/** As many runs as take long enough to be seen, and what one of them takes. */
async function visibleRepeats<Name>(
  trial: Trial<Name>,
  visibleMs: number,
): Promise<{ repeats: number; onceMs: number }> {
  for (let repeats = 1; ; ) {
    const onceMs = await trial.timeMs(repeats);
    if (repeats * onceMs >= visibleMs || repeats >= MOST_REPEATS) return { repeats, onceMs };
    const wanted = onceMs > 0 ? Math.ceil((1.2 * visibleMs) / onceMs) : Number.POSITIVE_INFINITY;
    repeats = Math.min(MOST_REPEATS, 8 * repeats, Math.max(2 * repeats, wanted));
  }
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
}
