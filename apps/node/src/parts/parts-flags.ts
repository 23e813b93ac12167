import { parseCount } from '../parse-count.ts';
import { UsageError } from '../usage-error.ts';
import { isPlaceForParts } from './part-store.ts';

/** Which pictures, and where and how their rows go, as commands take it. */
export interface PartsFlags {
  readonly from?: string;
  readonly shard?: string;
  readonly out?: string;
  readonly format?: 'jsonl' | 'parquet';
  readonly partSize?: string;
  readonly force?: boolean;
}

/** How parts are written. */
export interface PartsSettings {
  readonly extension: '.jsonl' | '.parquet';
  /** Pictures of a part. */
  readonly partSize: number;
  readonly force: boolean;
}

const PART_PICTURES = 10_000;

/** How `--out` is written where it is a place for parts. @throws UsageError for flags that do not go together, or are no number */
export function parsePartsFlags(
  { out, format, partSize, force = false }: PartsFlags,
  usual: PartsSettings['extension'],
): PartsSettings | undefined {
  if (out !== undefined && isPlaceForParts(out))
    return {
      extension: format === undefined ? usual : `.${format}`,
      partSize: partSize === undefined ? PART_PICTURES : parseCount('--part-size', partSize),
      force,
    };
  const stray = format === undefined ? (partSize === undefined ? undefined : '--part-size') : '--format';
  if (stray === undefined) return undefined;
  throw new UsageError(`${stray}: expected --out FOLDER/ beside it, got ${out ?? 'none'}; end it in a slash for parts`);
}
