import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { MOST_PICTURE_BYTES } from '@residual/classifier';
import { hubFromEnvironment } from '@residual/weights/node';
import type { AsyncBuffer } from 'hyparquet';
import { UnreadableError } from '../archives/unreadable-error.ts';
import { UsageError } from '../usage-error.ts';
import { parseS3Address } from './s3-address.ts';
import { StorageError } from './storage-error.ts';

type Sdk = typeof import('@aws-sdk/client-s3');

interface Connection {
  readonly sdk: Sdk;
  readonly client: S3Client;
}

let connection: Promise<Connection> | undefined;

/** All of an object. @throws UsageError where there is none, or it is larger than pictures are; StorageError; the signal's reason */
export async function readObject(address: string, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of streamObject(address, signal)) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > MOST_PICTURE_BYTES)
        throw new UsageError(`${address}: expected a picture, got more than 1 GiB; leave it out`);
    }
  } catch (error) {
    throw UnreadableError.isInstance(error) ? new UsageError(`${address}: ${error.message}`) : error;
  }
  return Buffer.concat(chunks);
}

/** An object's text, or `undefined` where there is none. @throws StorageError; the signal's reason */
export async function readText(address: string, signal: AbortSignal): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of streamObject(address, signal)) chunks.push(chunk);
  } catch (error) {
    if (UnreadableError.isInstance(error)) return undefined;
    throw error;
  }
  return Buffer.concat(chunks).toString();
}

/** An object's bytes as they come. @throws UnreadableError where there is none; StorageError; the signal's reason */
export async function* streamObject(address: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const { sdk, client } = await connect(address);
  const { bucket: Bucket, key: Key } = parseS3Address(address);
  try {
    const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket, Key }), { abortSignal: signal });
    yield* Body as unknown as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw translate(address, error, signal);
  }
}

/** An object, of which ranges are read. @throws as `streamObject` */
export async function randomObject(address: string, signal: AbortSignal): Promise<AsyncBuffer> {
  const { sdk, client } = await connect(address);
  const { bucket: Bucket, key: Key } = parseS3Address(address);
  const asked = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw translate(address, error, signal);
    });
  const { ContentLength: byteLength = 0 } = await asked(
    client.send(new sdk.HeadObjectCommand({ Bucket, Key }), { abortSignal: signal }),
  );
  const slice = async (start: number, end = byteLength): Promise<ArrayBuffer> => {
    if (end <= start) return new ArrayBuffer(0);
    const command = new sdk.GetObjectCommand({ Bucket, Key, Range: `bytes=${start}-${end - 1}` });
    const { Body } = await client.send(command, { abortSignal: signal });
    return (await Body!.transformToByteArray()).slice().buffer;
  };
  return { byteLength, slice: (start, end) => asked(slice(start, end)) };
}

/** The addresses of all objects whose names begin so, in the order of their names. @throws StorageError, UsageError */
export async function listObjects(prefix: string, signal: AbortSignal): Promise<string[]> {
  const { sdk, client } = await connect(prefix);
  const { bucket: Bucket, key: Prefix } = parseS3Address(prefix);
  const found: string[] = [];
  try {
    const pages = sdk.paginateListObjectsV2({ client }, { Bucket, Prefix }, { abortSignal: signal });
    for await (const { Contents = [] } of pages)
      for (const { Key } of Contents) if (Key !== undefined) found.push(`s3://${Bucket}/${Key}`);
  } catch (error) {
    const own = translate(prefix, error, signal);
    throw UnreadableError.isInstance(own) ? new UsageError(`${prefix}: ${own.message}`) : own;
  }
  return found;
}

/** Writes an object, which is whole or not there. @throws StorageError; the signal's reason */
export async function writeObject(
  address: string,
  content: { readonly path: string } | { readonly text: string },
  signal: AbortSignal,
): Promise<void> {
  const { sdk, client } = await connect(address);
  const { bucket: Bucket, key: Key } = parseS3Address(address);
  const { Body, ContentLength } =
    'text' in content
      ? { Body: content.text, ContentLength: Buffer.byteLength(content.text) }
      : { Body: createReadStream(content.path), ContentLength: (await stat(content.path)).size };
  try {
    await client.send(new sdk.PutObjectCommand({ Bucket, Key, Body, ContentLength }), { abortSignal: signal });
  } catch (error) {
    throw asStorageError(address, error, signal);
  }
}

/** @throws StorageError; the signal's reason */
export async function removeObject(address: string, signal: AbortSignal): Promise<void> {
  const { sdk, client } = await connect(address);
  const { bucket: Bucket, key: Key } = parseS3Address(address);
  try {
    await client.send(new sdk.DeleteObjectCommand({ Bucket, Key }), { abortSignal: signal });
  } catch (error) {
    throw asStorageError(address, error, signal);
  }
}

function connect(address: string): Promise<Connection> {
  connection ??= openConnection(address);
  return connection;
}

/** Keys, region and address are found as all of Amazon's programs find them: environment, files, the machine's role. */
async function openConnection(address: string): Promise<Connection> {
  if ((await hubFromEnvironment()).offline)
    throw new UsageError(`${address}: expected a file while offline, got an address; save it first`);
  const sdk = await import('@aws-sdk/client-s3').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new UsageError(
      `${address}: expected the package @aws-sdk/client-s3, which reads s3://, got none; install it beside @residual/cli`,
    );
  });
  const endpoint = process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  const client = new sdk.S3Client({
    // Other servers than Amazon's are seldom called by a bucket's name, know no regions, nor the newer checksums.
    ...(endpoint !== undefined && { forcePathStyle: true, region: process.env['AWS_REGION'] ?? 'us-east-1' }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: true,
    maxAttempts: Number(process.env['AWS_MAX_ATTEMPTS'] ?? 5),
  });
  return { sdk, client };
}

/** What is not there, or not to be had, is so at the next start too. */
function translate(address: string, error: unknown, signal: AbortSignal): Error {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  if ($metadata?.httpStatusCode === 404 || name === 'NoSuchKey' || name === 'NotFound')
    return new UnreadableError(`expected an object, got ${name}; check its name`);
  return asStorageError(address, error, signal);
}

function asStorageError(address: string, error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return signal.reason;
  const { name, message, code } = error as Error & { code?: string };
  const got = code ?? (name === 'Error' ? message : name);
  const next = 'check the address, AWS_REGION, AWS_ENDPOINT_URL and the keys; the same command goes on';
  return new StorageError(`${address}: expected S3 to answer, got ${got}; ${next}`, { cause: error });
}
