import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { STANDARD_INPUT } from './pictures/picture-address.ts';
import { UsageError } from './usage-error.ts';

/**
 * The lines of a list of files, or of `-`, standard input; empty ones are left out.
 *
 * @throws UsageError where it cannot be read; the signal's reason.
 */
export async function readList(from: string, signal: AbortSignal): Promise<string[]> {
  const isStandardInput = from === STANDARD_INPUT;
  if (isStandardInput && process.stdin.isTTY)
    throw new UsageError('--from -: expected a list on standard input, got a terminal; pipe one in');
  const input = isStandardInput ? process.stdin : createReadStream(from);
  const stop = (): void => void input.destroy(signal.reason);
  signal.addEventListener('abort', stop);
  const names: string[] = [];
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
      if (line !== '') names.push(line);
  } catch (error) {
    throw notList(from, error as NodeJS.ErrnoException);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  if (names.length === 0) throw new UsageError(`--from ${from}: expected a file's name a line, got none`);
  return names;
}

function notList(from: string, error: NodeJS.ErrnoException): Error {
  if (error.syscall === undefined) return error;
  return new UsageError(`--from ${from}: expected a list of files, got ${error.code}; check its name`);
}
