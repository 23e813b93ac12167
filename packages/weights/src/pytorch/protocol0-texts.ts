import { PickleError } from './pickle-error.ts';

/**
 * Reads what protocol 0 writes of Python 2's str, its repr: a text if all of it is ASCII, else bytes.
 *
 * @throws PickleError (`corrupt`) where it is not in quotes.
 */
export function unquote(line: string): string | Uint8Array {
  const quote = line[0];
  if (line.length < 2 || (quote !== "'" && quote !== '"') || !line.endsWith(quote)) {
    throw new PickleError('corrupt', 'expected a string in quotes');
  }
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };
  const text = line.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (code.length === 3 && code[0] === 'x') return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return escapes[code] ?? code;
  });
  const isAscii = [...text].every((char) => char < '\x80');
  return isAscii ? text : Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Reads what protocol 0 writes of a text: Python's raw-unicode-escape. */
export function unescapeUnicode(line: string): string {
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (all, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
