/** How far a name is from another: letters put in, taken out or changed, and neighbours swapped, case and separators aside. */
export function nameDistance(a: string, b: string): number {
  return editDistance(bareName(a.slice(0, 64)), bareName(b.slice(0, 64)));
}

/**
 * The name that was meant by one that is none of `known`: the nearest, if it is near and no other is as near.
 *
 * @returns a half sentence, `; did you mean 'resnet18'?`, or nothing.
 */
export function didYouMean(name: string, known: readonly string[]): string {
  const distances = known.map((one) => nameDistance(name, one));
  const least = Math.min(...distances);
  const at = distances.indexOf(least);
  const isNear = least <= 2 && least * 3 <= bareName(name).length;
  return isNear && distances.lastIndexOf(least) === at ? `; did you mean '${known[at]}'?` : '';
}

function bareName(name: string): string {
  return name.toLowerCase().replace(/[\s._-]/g, '');
}

/** Damerau's and Levenshtein's, of strings aligned without edits between two swapped letters. */
function editDistance(a: string, b: string): number {
  let [earlier, row]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const isSwapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      next.push(
        Math.min(
          next[j]! + 1,
          row![j + 1]! + 1,
          row![j]! + (a[i] === b[j] ? 0 : 1),
          isSwapped ? earlier![j - 1]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [earlier, row] = [row!, next];
  }
  return row![b.length]!;
}
