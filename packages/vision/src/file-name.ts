/**
 * A file's name as text. Bytes that are no UTF-8 become the lone surrogates U+DC80 … U+DCFF, so that `filePath` finds the
 * file again; Node's own names have U+FFFD in their place, and no file is called that.
 *
 * @see https://peps.python.org/pep-0383/, which Python's `os.fsdecode` follows
 */
export function fileName(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let name = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at]!);
    try {
      name += strict.decode(bytes.subarray(at, at + length));
      at += length;
    } catch {
      name += String.fromCharCode(0xdc00 + bytes[at]!);
      at += 1;
    }
  }
  return name;
}

/** What `node:fs` opens a file by whose name, or whose folder's, `fileName` gave. */
export function filePath(name: string): string | Buffer {
  if (!/[\udc80-\udcff]/u.test(name)) return name;
  const parts = Array.from(name, (character) => {
    const code = character.codePointAt(0)!;
    return code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : Buffer.from(character);
  });
  return Buffer.concat(parts);
}

/** Bytes of the UTF-8 sequence that begins with this one. */
function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
