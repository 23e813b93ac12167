import { isS3 } from '../s3/s3-address.ts';
import { UsageError } from '../usage-error.ts';

/** Where parts are kept: a folder, or the start of objects' names in S3. What is there under a name is whole. */
export interface PartStore {
  /** What a user calls a file of it. */
  readonly called: (name: string) => string;
  /** Where a part is written before it is put in its place. */
  readonly scratch: (name: string) => string;
  readonly list: () => Promise<ReadonlySet<string>>;
  readonly readText: (name: string) => Promise<string | undefined>;
  readonly writeText: (name: string, text: string) => Promise<void>;
  /** Puts what is at `scratch(name)` in its place. */
  readonly publish: (name: string) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Whether `--out` names a place for parts rather than a file. */
export function isPlaceForParts(out: string): boolean {
  return /[/\\]$/.test(out) || isS3(out);
}

/**
 * Opens a place for one shard's parts.
 *
 * @param owner the file by which one process at a time is at work on the shard, where the place can tell.
 * @throws UsageError where it is none, or another process is at it.
 */
export async function openPartStore(out: string, owner: string, signal: AbortSignal): Promise<PartStore> {
  if (!isS3(out)) return (await import('./folder-store.ts')).openFolderStore(out, owner);
  if (!out.endsWith('/')) throw new UsageError(`--out: expected s3://BUCKET/NAME/, got '${out}'; end it in a slash`);
  return (await import('./s3-store.ts')).openS3Store(out, signal);
}
