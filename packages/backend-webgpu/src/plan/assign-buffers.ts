/** Memory for a value, from the step that writes it to the last that reads it. */
export interface Lifetime {
  readonly sizeBytes: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Gives each value a buffer, shared by those that never live together; the largest choose first.
 *
 * WebGPU forbids a dispatch to read and write the same buffer, even at different places: so buffers are whole, where
 * `@residual/compile`'s `planBuffers` gives places in one block.
 */
export function assignBuffers(lifetimes: readonly Lifetime[]): { bufferOf: number[]; sizesBytes: number[] } {
  const order = lifetimes.map((_, index) => index);
  order.sort((a, b) => lifetimes[b]!.sizeBytes - lifetimes[a]!.sizeBytes || lifetimes[a]!.first - lifetimes[b]!.first);
  const tenants: Lifetime[][] = [];
  const sizesBytes: number[] = [];
  const bufferOf: number[] = [];
  for (const index of order) {
    const own = lifetimes[index]!;
    const free = tenants.findIndex((others) => others.every(({ first, last }) => last < own.first || own.last < first));
    const buffer = free === -1 ? tenants.push([]) - 1 : free;
    tenants[buffer]!.push(own);
    sizesBytes[buffer] ??= own.sizeBytes;
    bufferOf[index] = buffer;
  }
  return { bufferOf, sizesBytes };
}
