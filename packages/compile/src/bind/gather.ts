/**
 * Copies numbers of `from` into `to`, row-major: those of an array of `shape` whose axes step by `steps`, the first at
 * `offset`.
 */
export function gather(
  to: { [index: number]: number },
  from: ArrayLike<number>,
  shape: readonly number[],
  steps: readonly number[],
  offset: number,
): void {
  const last = shape.length - 1;
  let next = 0;
  const copy = (axis: number, at: number): void => {
    const size = shape[axis] ?? 1;
    const step = steps[axis] ?? 0;
    for (let index = 0; index < size; index++) {
      if (axis >= last) to[next++] = from[at + index * step]!;
      else copy(axis + 1, at + index * step);
    }
  };
  copy(0, offset);
}
