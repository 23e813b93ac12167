import { createReadStream } from 'node:fs';
import { asyncBufferFromFile } from 'hyparquet';
import type { FoundImage } from '../find-images.ts';
import { isS3 } from '../s3/s3-address.ts';
import type { ArchiveKind } from './archive-kind.ts';
import { parquetSamples } from './parquet-samples.ts';
import type { Sample } from './sample.ts';
import { tarSamples } from './tar-samples.ts';
import { UnreadableError } from './unreadable-error.ts';

/**
 * The pictures of an archive on the disk or at an `s3://` address, in its order, each with its bytes. What is wrong with the
 * archive, or with one of its pictures, is a picture with a problem.
 *
 * @param skip so many of the first are left out.
 * @throws StorageError where S3 fails; the signal's reason.
 */
export async function* openArchive(
  { file, archive }: FoundImage & { readonly archive: ArchiveKind },
  { skip, signal }: { readonly skip: number; readonly signal: AbortSignal },
): AsyncGenerator<FoundImage, void, undefined> {
  let count = skip;
  try {
    for await (const sample of await samplesOf(file, archive, { skip, signal })) {
      signal.throwIfAborted();
      count += 1;
      yield inArchive(file, sample);
    }
    if (count > 0) return;
    throw new UnreadableError('expected an archive of pictures, got one without; leave it out');
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    yield { file, problem: `${file}: ${problem}` };
  }
}

async function samplesOf(
  file: string,
  kind: ArchiveKind,
  { skip, signal }: { readonly skip: number; readonly signal: AbortSignal },
): Promise<AsyncIterable<Sample>> {
  if (isS3(file)) {
    const { randomObject, streamObject } = await import('../s3/s3-objects.ts');
    if (kind === 'tar') return tarSamples(streamObject(file, signal), { skip });
    return parquetSamples(await randomObject(file, signal), { skip });
  }
  if (kind === 'tar') return tarSamples(createReadStream(file, { signal }), { skip });
  return parquetSamples(await asyncBufferFromFile(file), { skip });
}

function inArchive(file: string, { name, problem, ...rest }: Sample): FoundImage {
  const own = `${file}#${name}`;
  return { file: own, ...rest, ...(problem !== undefined && { problem: `${own}: ${problem}` }) };
}

/** What is the archive's fault; `undefined` for another. */
function problemOf(error: unknown): string | undefined {
  if (UnreadableError.isInstance(error)) return error.message;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return undefined;
  return `expected an archive that can be read, got ${code}; check its name and permissions`;
}
