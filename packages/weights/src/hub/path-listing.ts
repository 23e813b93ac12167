import type { FolderListing } from './file-folder.ts';

/** What lies in a folder itself, by the paths of all files; `prefix` is the folder's, empty or ending in a slash. */
export function listPaths(paths: Iterable<string>, prefix: string): FolderListing {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const path of paths) {
    if (!path.startsWith(prefix)) continue;
    const [first, ...rest] = path.slice(prefix.length).split('/');
    (rest.length === 0 ? files : folders).add(first!);
  }
  return { files, folders };
}
