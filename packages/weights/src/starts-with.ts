/** Whether `magic`, one byte a character, stands at `offset`. */
export function startsWith(bytes: Uint8Array, offset: number, magic: string): boolean {
  return [...magic].every((char, i) => bytes[offset + i] === char.charCodeAt(0));
}
