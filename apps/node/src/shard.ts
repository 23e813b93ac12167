import { UsageError } from './usage-error.ts';

/** A part of the work: every `count`th item from `index`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * The part that `--shard I/N` names, I from 0 to N - 1, as Kubernetes' indexed jobs and Slurm's arrays count; all of it where
 * there is none.
 *
 * @throws UsageError for anything else.
 */
export function parseShard(text: string | undefined): Shard {
  if (text === undefined) return { index: 0, count: 1 };
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new UsageError(
    `--shard: expected I/N, I from 0 to N - 1, got '${text}'; e.g. 0/4, 1/4, 2/4 and 3/4 are all of it`,
  );
}

/** The shard's items: dealt out one by one, so that all shards have as many but for one. */
export function takeShard<T>(items: readonly T[], { index, count }: Shard): T[] {
  return items.filter((_, at) => at % count === index);
}
