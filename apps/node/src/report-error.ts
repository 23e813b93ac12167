import { exitCode } from './exit-code.ts';
import { Interruption } from './interruption.ts';
import { StorageError } from './s3/storage-error.ts';
import { say } from './terminal/output.ts';

/** Says an error in one line on stderr, and gives the exit code. The stack of an unforeseen one is in `RESIDUAL_DEBUG`. */
export function reportError(error: unknown): number {
  if (error instanceof Interruption) {
    say('residual: interrupted');
    return exitCode.interrupted;
  }
  if (isKnown(error)) {
    say(`residual: ${error.message}`);
    return StorageError.isInstance(error) ? exitCode.failure : exitCode.badInput;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const debug = process.env['RESIDUAL_DEBUG'];
  if (debug) say(...`residual: ${stack}`.split('\n'));
  else say(`residual: ${firstLine(message)} (unexpected; RESIDUAL_DEBUG=1 shows where)`);
  return exitCode.failure;
}

/** Whether an error is one of Residual's own, whose message is made for people; each class has a marker. */
export function isKnown(error: unknown): error is Error {
  return (
    error instanceof Error &&
    Object.getOwnPropertySymbols(error).some((symbol) => symbol.description?.startsWith('residual.'))
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
