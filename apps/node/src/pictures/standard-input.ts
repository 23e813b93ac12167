import { MOST_PICTURE_BYTES } from '@residual/classifier';
import { UsageError } from '../usage-error.ts';
import { STANDARD_INPUT } from './picture-address.ts';

let whole: Promise<Uint8Array> | undefined;

/** All of standard input, which is read once. @throws UsageError for a terminal, or an input without end; the signal's reason. */
export function readStandardInput(signal: AbortSignal): Promise<Uint8Array> {
  whole ??= readAll(signal);
  return whole;
}

async function readAll(signal: AbortSignal): Promise<Uint8Array> {
  if (process.stdin.isTTY)
    throw new UsageError(`${STANDARD_INPUT}: expected a picture on standard input, got a terminal; pipe one in`);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const stop = (): void => void process.stdin.destroy(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > MOST_PICTURE_BYTES)
        throw new UsageError(`${STANDARD_INPUT}: expected a picture, got more than 1 GiB; give a file`);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks);
}
