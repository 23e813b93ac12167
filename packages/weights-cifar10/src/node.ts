import { readFile } from 'node:fs/promises';
import { weightsUrl } from './weights-url.ts';

/** The bytes of `model.safetensors`, from the package's folder. */
export async function readWeights(): Promise<ArrayBuffer> {
  return Uint8Array.from(await readFile(weightsUrl())).buffer;
}
