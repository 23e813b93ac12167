import { type Place, START } from '../pictures-of.ts';
import { UsageError } from '../usage-error.ts';

/** A part that was written. */
export interface PartEntry {
  readonly name: string;
  readonly rows: number;
  /** What is wrong with each picture of it that has no row, in a line that names it. */
  readonly problems: readonly string[];
  /** Where the next part begins. */
  readonly next: Place;
}

/** What is done of a shard, as it is kept beside its parts. */
export interface ShardRecord {
  /** What the rows depend on: a restart with others is refused. */
  readonly settings: object;
  readonly parts: readonly PartEntry[];
  /** Whether there are no more. */
  readonly isComplete: boolean;
}

export function serialize(record: ShardRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** @throws UsageError for what is no record, or one of other settings */
export function parseRecord(called: string, text: string, settings: object): ShardRecord {
  const record = recordIn(text);
  if (record === undefined)
    throw new UsageError(`${called}: expected the record of a shard, got something else; add --force to begin anew`);
  const [known, got] = [record.settings, settings].map((one) => JSON.stringify(one));
  if (known === got) return record;
  const problem = `expected the settings and inputs that it was begun with, ${known}, got ${got}`;
  throw new UsageError(`${called}: ${problem}; go on with those, add --force to begin anew, or name another --out`);
}

/** Where the pictures after these parts begin. */
export function nextAfter(parts: readonly PartEntry[]): Place {
  return parts.at(-1)?.next ?? START;
}

function recordIn(text: string): ShardRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<ShardRecord> | null;
    return Array.isArray(record?.parts) ? (record as ShardRecord) : undefined;
  } catch {
    return undefined;
  }
}
