import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { pictureFormat } from '@residual/vision';
import picomatch from 'picomatch';
import { type FoundImage, findImages } from '../find-images.ts';
import { isElsewhere, pictureName, STANDARD_INPUT } from '../pictures/picture-address.ts';
import { UsageError } from '../usage-error.ts';

/** What is searched: pictures, which are embedded first, or a file of embeddings. */
export type Searched = { readonly images: readonly FoundImage[] } | { readonly npy: string };

const HEAD_BYTES = 4096;

/** @throws UsageError for what is neither a folder, a pattern or a picture nor a file of embeddings; it says how to make one. */
export async function findSearched(name: string, signal: AbortSignal): Promise<Searched> {
  if (isElsewhere(name)) throw notSearched(name, name === STANDARD_INPUT ? 'standard input' : 'an address');
  const status = await stat(name).catch(() => undefined);
  if (status?.isDirectory()) return { images: await findImages([name], signal) };
  const extension = extname(name);
  if (extension.toLowerCase() === '.npy') return { npy: name };
  if (status === undefined && !picomatch.scan(name).isGlob) throw notSearched(name, 'no such file or folder');
  if (status?.isFile() && !(await isPicture(name))) throw notSearched(name, `a ${extension || 'different'} file`);
  return { images: await findImages([name], signal) };
}

async function isPicture(path: string): Promise<boolean> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw notSearched(path, cause.code ?? cause.message);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return pictureFormat(buffer.subarray(0, bytesRead))?.isPicture ?? false;
  } finally {
    await file.close();
  }
}

function notSearched(name: string, got: string): UsageError {
  const expected = 'expected a folder of pictures, or a FILE.npy of their embeddings';
  return new UsageError(
    `${pictureName(name)}: ${expected}, got ${got}; residual embed FOLDER --out FILE.npy makes one`,
  );
}
