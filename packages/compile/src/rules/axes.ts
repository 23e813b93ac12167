type Shape = readonly number[];

/** The axes that tfjs's `axis` means: all of them where there is none, counted from the front where one is negative. */
export function axesOf(axis: unknown, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, index) => index);
  const listed = (Array.isArray(axis) ? axis : [axis]) as number[];
  return listed.map((index) => (index < 0 ? index + rank : index));
}

export function axisOf(axis: unknown, rank: number): number {
  return axesOf(axis, rank)[0]!;
}

export function withAxis(shape: Shape, axis: number, size: number): number[] {
  return shape.map((old, index) => (index === axis ? size : old));
}

export function insertAxis(shape: Shape, axis: number, size: number): number[] {
  return [...shape.slice(0, axis), size, ...shape.slice(axis)];
}

export function removeAxis(shape: Shape, axis: number): number[] {
  return shape.filter((_, index) => index !== axis);
}
