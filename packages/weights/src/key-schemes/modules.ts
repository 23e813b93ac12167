/** The module that a tensor's name belongs to: all but its last segment. */
export function moduleOf(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf('.'), 0));
}

/** Order of names in which numbers count as numbers: `conv2` before `conv10`. */
export function naturalOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
