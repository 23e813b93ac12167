import { isObject } from './json-file.ts';

/** Names of classes as a list, of a list or of an object by index; `undefined` where they don't name all from 0 on. */
export function labelsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) && !isObject(value)) return undefined;
  const names = value as Readonly<Record<string, unknown>>;
  const labels = Object.keys(value).map((_, index) => names[String(index)]);
  return labels.length > 0 && labels.every((label) => typeof label === 'string') ? labels : undefined;
}

/** The same of an object that has the index by name. */
export function labelsByName(value: unknown): readonly string[] | undefined {
  if (!isObject(value)) return undefined;
  const indexOf = (index: unknown) => (typeof index === 'number' || typeof index === 'string' ? index : '');
  return labelsOf(Object.fromEntries(Object.entries(value).map(([label, index]) => [indexOf(index), label])));
}

/** Names that are as many as the classes, and what to say of them. */
export function describeLabels(
  labels: readonly string[] | undefined,
  numClasses: unknown,
): { labels: readonly string[] | undefined; said: string[] } {
  const count = typeof numClasses === 'number' ? numClasses : labels?.length;
  if (count === undefined) return { labels, said: [] };
  if (labels === undefined || labels.length === count) return { labels, said: [`${count} classes`] };
  return { labels: undefined, said: [`${count} classes, but ${labels.length} names, which are not used`] };
}
