/** The next items, `count` at most; fewer where there are no more. */
export async function take<T>(source: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = await source.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** Items, `size` at a time. */
export async function* chunks<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[], void, undefined> {
  const source = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const chunk = await take(source, size);
      if (chunk.length === 0) return;
      yield chunk;
    }
  } finally {
    await source.return?.();
  }
}
