import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { DecodeError } from '../decode-error.ts';
import { filePath } from '../file-name.ts';
import { pictureFormat } from '../picture-format.ts';
import { pictureSize } from '../picture-size.ts';
import { refusal } from './refusal.ts';

const HEAD_BYTES = 4096;
/** A JPEG's frame lies behind its EXIF data, thumbnail and profile. */
const JPEG_HEAD_BYTES = 2 ** 22;
/** What may lie behind a JPEG's picture: more of them, or the video that a telephone took with it. */
const JPEG_TAIL_BYTES = 2 ** 28;
/** More than a JPEG takes for a pixel. */
const JPEG_PIXEL_BYTES = 16;
/** Node reads no larger file at once. */
const MAX_BYTES = 2 ** 31 - 1;

/** What the system's errors mean for whoever named the file. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file; check the path',
  ENOTDIR: 'a path through something that is no folder; check the path',
  EACCES: 'a file that may not be read (permission denied); change its permissions',
  EPERM: 'a file that may not be read (permission denied); change its permissions',
  EISDIR: 'a folder; name a file',
  ELOOP: 'a symbolic link that leads round in a circle; name the file itself',
  ENAMETOOLONG: 'a path that is too long; check the path',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  EIO: 'a disk that fails to read it; copy the file from elsewhere',
  ERR_INVALID_ARG_VALUE: 'a path with a zero byte; check the path',
};

/**
 * The bytes of a picture's file. A file that is no picture is refused by its first bytes, however large it is.
 *
 * @throws DecodeError `FILE_UNREADABLE`, `FILE_EMPTY`, `NOT_AN_IMAGE`.
 */
export async function readPicture(path: string): Promise<Uint8Array> {
  const name = filePath(path);
  try {
    const stats = await stat(name);
    if (stats.isDirectory()) throw unreadable(path, 'a folder; name a file');
    // To open a pipe would wait for whoever writes into it.
    if (!stats.isFile()) throw unreadable(path, 'no regular file; name a file');
    if (stats.size > HEAD_BYTES) await checkHead(path, name, stats.size);
    if (stats.size > MAX_BYTES) throw unreadable(path, `a file of ${stats.size} bytes; make it smaller than 2 GiB`);
    return await readFile(name);
  } catch (error) {
    if (DecodeError.isInstance(error)) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const isMangled = code === 'ENOENT' && path.includes('\ufffd');
    const got = isMangled
      ? 'a name that is not UTF-8; rename the file'
      : (CAUSES[code] ?? `${code || message}; check it`);
    throw unreadable(path, got, error);
  }
}

async function checkHead(path: string, name: string | Buffer, size: number): Promise<void> {
  const file = await open(name);
  try {
    const head = await firstBytes(file, HEAD_BYTES);
    const format = pictureFormat(head);
    if (!format?.isPicture) throw refusal(path, head);
    if (format.name !== 'JPEG' || size <= JPEG_TAIL_BYTES) return;
    const { width, height } = pictureSize('JPEG', await firstBytes(file, JPEG_HEAD_BYTES)) ?? { width: 0, height: 0 };
    if (size <= JPEG_TAIL_BYTES + JPEG_PIXEL_BYTES * width * height) return;
    const got = `${size} bytes of a JPEG picture of ${width} × ${height}`;
    throw new DecodeError('IMAGE_DAMAGED', path, `expected a whole picture, got ${got}; get the file again`);
  } finally {
    await file.close();
  }
}

async function firstBytes(file: FileHandle, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  await file.read(bytes, 0, count, 0);
  return bytes;
}

function unreadable(path: string, got: string, cause?: unknown): DecodeError {
  return new DecodeError('FILE_UNREADABLE', path, `expected a picture, got ${got}`, cause);
}
