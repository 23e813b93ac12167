import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from './byte-source.ts';
import { WeightsSourceError } from './weights-source-error.ts';

/** A file that is open for reading; whoever opens it closes it. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/**
 * Opens a file for positional reads; each read has memory of its own.
 *
 * @throws WeightsSourceError where there is no such file, or it cannot be read.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  let handle: FileHandle | undefined;
  try {
    const opened = await open(path, 'r');
    handle = opened;
    const status = await opened.stat();
    if (status.isDirectory()) {
      throw new WeightsSourceError('unreadable', path, 'expected a file, got a folder; name a file in it');
    }
    return {
      name: path,
      sizeBytes: status.size,
      read: (offset, length) => readAt(opened, path, offset, length),
      close: () => opened.close(),
    };
  } catch (error) {
    await handle?.close();
    if (WeightsSourceError.isInstance(error)) throw error;
    throw unreadable(path, error);
  }
}

async function readAt(handle: FileHandle, path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  try {
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return bytes.subarray(0, filled);
}

function unreadable(path: string, cause: unknown): WeightsSourceError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new WeightsSourceError('missing', path, 'expected a weights file, found none; check the path', { cause });
  }
  return new WeightsSourceError(
    'unreadable',
    path,
    `could not be read (${code ?? String(cause)}); check its permissions`,
    {
      cause,
    },
  );
}
