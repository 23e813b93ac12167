import { extname } from 'node:path';

/** Files that hold many pictures: WebDataset's tar files, and Parquet with pictures' bytes. */
export type ArchiveKind = 'tar' | 'parquet';

const kinds: Readonly<Record<string, ArchiveKind>> = { '.tar': 'tar', '.parquet': 'parquet' };

/** What a file's name says that it is; `undefined` for a picture. */
export function archiveKind(name: string): ArchiveKind | undefined {
  return kinds[extname(name).toLowerCase()];
}
