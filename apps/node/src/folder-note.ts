import type { FoundPicture } from '@residual/vision/node';

/** More names do not stand in a line. */
const SHOWN_NAMES = 5;

/** How many pictures a folder has, and what else, in a line; `undefined` where it has nothing else. */
export function folderNote(
  name: string,
  pictures: readonly FoundPicture[],
  others: readonly string[],
): string | undefined {
  if (others.length === 0) return undefined;
  const count = pictures.filter(({ problem }) => problem === undefined).length;
  return `${name}: ${counted(count, 'picture')}; ${describeOthers(others)}`;
}

/** `3 files are none: a.txt, b.csv, c.zip`. */
export function describeOthers(others: readonly string[]): string {
  return `${counted(others.length, 'file')} ${others.length === 1 ? 'is' : 'are'} none: ${listNames(others)}`;
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
