import { createHash } from 'node:crypto';
import { fetchImage, isWebAddress, otherScheme } from '@residual/classifier';
import { DecodeError, type DecodeOptions, type PixelImage } from '@residual/vision';
import { type DecodeInput, decodeImage } from '@residual/vision/node';
import { hubFromEnvironment } from '@residual/weights/node';
import type { FoundImage } from '../find-images.ts';
import type { NumberedPictures } from '../precision-flags.ts';
import { isS3 } from '../s3/s3-address.ts';
import { UsageError } from '../usage-error.ts';
import { withFlagNames } from './decode-flags.ts';
import { DecodeNotes } from './decode-notes.ts';
import { isData, STANDARD_INPUT } from './picture-address.ts';
import { readStandardInput } from './standard-input.ts';

/** Of the environment, which stays what it is: a proxy's connections are shared by all pictures. */
let hub: ReturnType<typeof hubFromEnvironment> | undefined;

/** Reads the pictures of a run by one set of options. */
export class PictureReader {
  readonly options: DecodeOptions;
  /** What decoders noted, as far as whoever asked for the pictures has put it here, in their order. */
  readonly notes: DecodeNotes = new DecodeNotes();

  constructor(options: DecodeOptions) {
    this.options = options;
  }

  /** For those who go on where they were ended: which picture was on standard input, if one of these is. */
  async standardInput(
    images: readonly FoundImage[],
    signal: AbortSignal,
  ): Promise<{ readonly standardInput?: string }> {
    if (images.every(({ address }) => address !== STANDARD_INPUT)) return {};
    return {
      standardInput: createHash('sha256')
        .update(await readStandardInput(signal))
        .digest('hex'),
    };
  }

  /** The pictures by their numbers, each read when it is asked for; archives have none. */
  numbered(images: readonly FoundImage[], signal: AbortSignal): NumberedPictures {
    const single = images.filter(({ archive }) => archive === undefined);
    return { count: single.length, read: (index) => this.read(single[index]!, signal) };
  }

  /** @throws UsageError where it cannot be read or decoded: a line that names it, and the command's options; the signal's reason. */
  async read({ file, address = file, problem, archive, bytes }: FoundImage, signal: AbortSignal): Promise<PixelImage> {
    if (problem !== undefined) throw new UsageError(problem);
    if (archive !== undefined)
      throw new UsageError(
        `${file}: expected a picture, got an archive of pictures; embed, classify and evaluate take it`,
      );
    signal.throwIfAborted();
    try {
      return await decodeImage(bytes ?? (await inputOf(address, signal)), this.options);
    } catch (error) {
      throw DecodeError.isInstance(error) ? inTermsOfTheCommand(file, error) : error;
    }
  }
}

async function inputOf(address: string, signal: AbortSignal): Promise<DecodeInput> {
  if (address === STANDARD_INPUT) return readStandardInput(signal);
  if (isS3(address)) return (await import('../s3/s3-objects.ts')).readObject(address, signal);
  const scheme = otherScheme(address);
  if (scheme !== undefined) {
    const next = scheme === 'file:' ? 'give its path' : 'save it, and name the file';
    const problem = `expected a file or an http:, https:, data: or s3: address, got ${scheme}; ${next}`;
    throw new DecodeError('FILE_UNREADABLE', address, problem);
  }
  if (!isWebAddress(address)) return address;
  if (isData(address)) return (await fetchImage(address, { signal })).arrayBuffer();
  hub ??= hubFromEnvironment();
  const { fetch, offline } = await hub;
  if (offline)
    throw new DecodeError('FILE_UNREADABLE', address, 'expected a file while offline, got an address; save it first');
  return (await fetchImage(address, { signal, fetch })).arrayBuffer();
}

/** A decoder's error, which names what it was given and its own options, in the command's terms. */
function inTermsOfTheCommand(file: string, { source, message }: DecodeError): UsageError {
  const problem = message.startsWith(`${source}: `) ? message.slice(source.length + 2) : message;
  return new UsageError(`${file}: ${withFlagNames(problem)}`);
}
