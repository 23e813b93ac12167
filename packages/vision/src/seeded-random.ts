/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * The same numbers for the same keys, wherever and in whatever order they are asked for: `seededRandom(seed, epoch, index)`
 * gives each picture of each epoch its own.
 *
 * @param keys whole numbers, at least one.
 * @see sfc32 of PractRand, seeded by murmur3's finaliser
 */
export function seededRandom(...keys: readonly number[]): Random {
  let hash = 0x9e3779b9;
  for (const key of keys) hash = mixed(Math.imul(hash ^ key, 0x01000193) + key);
  let a = mixed(hash);
  let b = mixed(hash ^ 0x5bd1e995);
  let c = mixed(hash ^ 0x27d4eb2f);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}

function mixed(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A whole number from 0 up to `count`, without it. */
export function randomInt(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** A number between `low` and `high`. */
export function randomBetween(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}
