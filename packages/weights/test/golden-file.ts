import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** A file that torch or safetensors wrote. */
export function golden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(import.meta.dirname, '../golden', name)));
}
