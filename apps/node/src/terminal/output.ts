import { printable, printableJson } from './printable.ts';

/** Writes lines to stdout; whatever is in them, a terminal only shows it. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(toText(lines));
}

/** Writes a line of JSON to stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(value)}\n`);
}

/** Writes lines to stderr; whatever is in them, a terminal only shows it. */
export function say(...lines: readonly string[]): void {
  process.stderr.write(toText(lines));
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('');
}
