/** The bytes with those of each element in reverse order. */
export function swapBytes(bytes: Uint8Array, itemBytes: number): Uint8Array {
  const swapped = Uint8Array.from(bytes);
  for (let at = 0; at + itemBytes <= swapped.length; at += itemBytes) swapped.subarray(at, at + itemBytes).reverse();
  return swapped;
}
