import { oneLine } from '../one-line.ts';

/** The first names of many, for a note. */
export function listNames(names: Iterable<string>): string {
  const first: string[] = [];
  let more = 0;
  for (const name of names) {
    if (first.length < 4) first.push(oneLine(name, 60));
    else more += 1;
  }
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
