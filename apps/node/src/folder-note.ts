import type { FolderPictures } from '@residual/vision/node';

/** More names do not stand in a line. */
const SHOWN_NAMES = 5;

/** How many pictures a folder has, and what else, in a line; `undefined` where it has nothing else. */
export function folderNote(name: string, found: FolderPictures): string | undefined {
  const rest = describeRest(found);
  if (rest === '') return undefined;
  const count = found.pictures.filter(({ problem }) => problem === undefined).length;
  return `${name}: ${counted(count, 'picture')}${rest}`;
}

/** `; 3 files are none: a.txt, b.csv, c.zip; 1 hidden file is passed over`, as far as there are such. */
export function describeRest({ others, hidden }: FolderPictures): string {
  const are = (count: number): string => (count === 1 ? 'is' : 'are');
  const none = `; ${counted(others.length, 'file')} ${are(others.length)} none: ${listNames(others)}`;
  const passedOver = `; ${counted(hidden, 'hidden file')} ${are(hidden)} passed over`;
  return `${others.length > 0 ? none : ''}${hidden > 0 ? passedOver : ''}`;
}

/** What is wrong with a class of which no picture can be used. */
export function noneUsable(count: number): string {
  const got = `${counted(count, 'picture')} of which none can`;
  return `expected pictures that can be used, got ${got}; mend them or remove the folder`;
}

/** `a, b and 3 more`. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).join(', ');
  return names.length > SHOWN_NAMES ? `${shown} and ${names.length - SHOWN_NAMES} more` : shown;
}

/** `1 file`, `3 files`. */
export function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
