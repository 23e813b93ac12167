/** The same items, up to `ahead` of them made before they are asked for. */
export async function* prefetch<Item>(items: AsyncIterable<Item>, ahead: number): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  const waiting: Promise<IteratorResult<Item>>[] = [];
  const fetch = (): void => {
    const next = iterator.next();
    // Whoever takes it sees the failure; until then it is nobody's.
    next.catch(() => undefined);
    waiting.push(next);
  };
  try {
    for (;;) {
      while (waiting.length <= ahead) fetch();
      const { done, value } = await waiting.shift()!;
      if (done) return;
      yield value;
    }
  } finally {
    await Promise.allSettled(waiting);
    await iterator.return?.();
  }
}
