import { Readable } from 'node:stream';
import { MOST_PICTURE_BYTES } from '@residual/classifier';
import { createTarDecoder, type ParsedTarEntry } from 'modern-tar';
import type { Sample } from './sample.ts';
import { UnreadableError } from './unreadable-error.ts';

interface Member {
  readonly name: string;
  /** What follows the key and its dot, in lower case. */
  readonly ending: string;
  readonly bytes: Uint8Array;
}

const PICTURE = /(?:^|\.)(?:jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|hei[cf]|bmp|p[pgbn]m|jp2|jxl|tga)$/;
const LABELS: ReadonlySet<string> = new Set(['cls', 'json']);
/** The file of a label, or of a description, is small. */
const MOST_LABEL_BYTES = 2 ** 20;

/**
 * Pictures of a WebDataset's tar file, read as a stream: members that follow one another under one key (the name up to its
 * first dot) are a sample, whose class is in `KEY.cls`, or in `KEY.json` as `label` or `cls`. Where a sample has several
 * pictures, as `KEY.jpg` and `KEY.seg.png`, those with a plain ending are it.
 *
 * @param skip so many of the first pictures are left out.
 * @throws UnreadableError for what is no tar file, and where one is cut off; what the source throws.
 * @see https://github.com/webdataset/webdataset#the-webdataset-format
 */
export async function* tarSamples(
  source: AsyncIterable<Uint8Array>,
  { skip }: { readonly skip: number },
): AsyncGenerator<Sample, void, undefined> {
  let left = skip;
  for await (const { key, members } of samplesOf(source)) {
    const target = targetOf(members);
    for (const { name, bytes } of picturesOf(members)) {
      if (left > 0) left -= 1;
      else yield { name, key, bytes, ...(target !== undefined && { target }) };
    }
  }
}

async function* samplesOf(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly key: string; readonly members: readonly Member[] }, void, undefined> {
  let [key, members, sizeBytes] = ['', [] as Member[], 0];
  for await (const { header, body } of entriesOf(source)) {
    const { key: own, ending } = split(header.name);
    if (own !== key && members.length > 0) {
      yield { key, members };
      [members, sizeBytes] = [[], 0];
    }
    key = own;
    const isLabel = LABELS.has(ending) && header.size <= MOST_LABEL_BYTES;
    if ((header.type ?? 'file') !== 'file' || !(isLabel || PICTURE.test(ending))) {
      await body.cancel().catch(passOn);
      continue;
    }
    sizeBytes += header.size;
    if (sizeBytes > MOST_PICTURE_BYTES)
      throw new UnreadableError(
        `expected up to 1 GiB under one key, got more under '${key}'; give each picture its own`,
      );
    members.push({ name: header.name, ending, bytes: await collect(body) });
  }
  if (members.length > 0) yield { key, members };
}

/** What the decoder cannot read is the archive's fault; what the source throws is passed on. */
async function* entriesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<ParsedTarEntry, void, undefined> {
  const failed: { reason?: unknown } = {};
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    const chunks = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        // Its own errors alone: the stream throws the decoder's into this generator.
        const { done, value } = await chunks.next().catch((reason: unknown) => {
          failed.reason = reason;
          throw reason;
        });
        if (done) return;
        yield value;
      }
    } finally {
      await chunks.return?.();
    }
  };
  const stream = Readable.toWeb(Readable.from(watched(), { objectMode: false })) as ReadableStream<Uint8Array>;
  const reader = stream.pipeThrough(createTarDecoder({ strict: true })).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if ('reason' in failed) throw failed.reason;
    throw unreadable(cause);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Chunks are counted as they come: a header may say more than there is. */
async function collect(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(passOn);
    if (done) return Buffer.concat(chunks);
    chunks.push(value);
  }
}

function passOn(cause: unknown): never {
  throw unreadable(cause);
}

function unreadable(cause: unknown): Error {
  if (!(cause instanceof Error) || UnreadableError.isInstance(cause)) return cause as Error;
  const got = cause.message.replace(/\.$/, '');
  return new UnreadableError(`expected a whole tar file, got one that cannot be read on (${got}); make it anew`, {
    cause,
  });
}

function split(name: string): { key: string; ending: string } {
  const start = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', start);
  if (dot < 0) return { key: name, ending: '' };
  return { key: name.slice(0, dot), ending: name.slice(dot + 1).toLowerCase() };
}

function picturesOf(members: readonly Member[]): readonly Member[] {
  const pictures = members.filter(({ ending }) => PICTURE.test(ending));
  const plain = pictures.filter(({ ending }) => !ending.includes('.'));
  return plain.length > 0 ? plain : pictures;
}

function targetOf(members: readonly Member[]): number | string | undefined {
  const text = (ending: string): string | undefined => {
    const member = members.find((one) => one.ending === ending);
    return member === undefined ? undefined : new TextDecoder().decode(member.bytes).trim();
  };
  const label = text('cls');
  if (label !== undefined && label !== '') return /^\d+$/.test(label) ? Number(label) : label;
  const description = text('json');
  return description === undefined ? undefined : labelIn(description);
}

/** A description that is no JSON, or says no class, says none. */
function labelIn(json: string): number | string | undefined {
  try {
    const { label, cls = label } = JSON.parse(json) as { label?: unknown; cls?: unknown };
    return typeof cls === 'number' || typeof cls === 'string' ? cls : undefined;
  } catch {
    return undefined;
  }
}
