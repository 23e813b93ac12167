import type { FileHandle } from 'node:fs/promises';

const CHUNK_ROWS = 256;

/** `[count, length] float32` from byte `start` of a file, row by row; little of it is in memory. */
export async function* readFloatRows(
  file: FileHandle,
  { start, count, length }: { readonly start: number; readonly count: number; readonly length: number },
): AsyncGenerator<Float32Array, void, undefined> {
  for (let first = 0; first < count; first += CHUNK_ROWS) {
    const chunk = new Float32Array(length * Math.min(CHUNK_ROWS, count - first));
    await file.read(new Uint8Array(chunk.buffer), 0, chunk.byteLength, start + first * length * 4);
    for (let at = 0; at < chunk.length; at += length) yield chunk.slice(at, at + length);
  }
}
