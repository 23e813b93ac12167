import { setTimeout as sleep } from 'node:timers/promises';

/** So that nothing of one's turn is left when the next begins; processes themselves wait until their threads rest. */
const PAUSE_MS = 30;
/** A turn lasts about this long, so that a fast one is not always caught with cold caches. */
const TURN_MS = 150;
const MOST_RUNS_A_TURN = 4;

/** Somebody who can be told to run. */
export interface Player {
  /** Runs some times, one after another, and keeps the times. */
  run(runs: number): Promise<readonly number[]>;
  /** Runs without keeping the times. */
  warmUp(runs: number): Promise<unknown>;
}

/** Times of one round, a list for each contestant in their order. */
export type Round = readonly (readonly number[])[];

/**
 * Lets contestants run in turn, A B C A B C …, each alone; every sample counts.
 *
 * @returns What was measured, round by round, for ratios that don't drift with the machine.
 */
export async function playRounds(
  contestants: readonly Player[],
  rounds: number,
  signal: AbortSignal,
): Promise<Round[]> {
  const runsATurn = new Map<Player, number>();
  for (const contestant of contestants) {
    signal.throwIfAborted();
    await contestant.warmUp(1);
    const begin = performance.now();
    await contestant.warmUp(1);
    const runs = Math.floor(TURN_MS / (performance.now() - begin));
    runsATurn.set(contestant, Math.max(1, Math.min(MOST_RUNS_A_TURN, runs)));
    await sleep(PAUSE_MS);
  }
  const played: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const samples: (readonly number[])[] = [];
    for (const contestant of contestants) {
      signal.throwIfAborted();
      samples.push(await contestant.run(runsATurn.get(contestant)!));
      await sleep(PAUSE_MS);
    }
    played.push(samples);
  }
  return played;
}
