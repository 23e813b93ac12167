import { exitCode } from './exit-code.ts';
import { Interruption } from './interruption.ts';

/** Says an error in one line on stderr, and gives the exit code. The stack of an unforeseen one is in `RESIDUAL_DEBUG`. */
export function reportError(error: unknown): number {
  if (error instanceof Interruption) {
    process.stderr.write('residual: interrupted\n');
    return exitCode.interrupted;
  }
  if (isKnown(error)) {
    process.stderr.write(`residual: ${error.message}\n`);
    return exitCode.badInput;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const debug = process.env['RESIDUAL_DEBUG'];
  process.stderr.write(
    debug ? `residual: ${stack}\n` : `residual: ${firstLine(message)} (unexpected; RESIDUAL_DEBUG=1 shows where)\n`,
  );
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
