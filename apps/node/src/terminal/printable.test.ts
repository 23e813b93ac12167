import { expect, test } from 'vitest';
import { printable, printableJson } from './printable.ts';

test.each([
  ['escape sequences', 'a\u001b[31mred\u001b[0m', 'a\\x1b[31mred\\x1b[0m'],
  ['C1’s way to begin one', 'a\u009b31m', 'a\\x9b31m'],
  ['breaks of lines', 'a\nb\r\u2028', 'a\\nb\\r\\u2028'],
  ['overrides of direction', 'photo\u202egnp.exe\u2066', 'photo\\u202egnp.exe\\u2066'],
  ['bytes that are no UTF-8', 'caf\udce9 \udcff😀', 'caf\\xe9 \\xff😀'],
  ['a bell, a tab and DEL', '\u0007\t\u007f', '\\x07\\t\\x7f'],
])('%s are written, not sent', (_what, text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('names of people’s files stay as they are', () => {
  const name = 'Übung 猫 😀👩‍👩‍👧 C:\\photos\\a.png';
  expect(printable(name)).toBe(name);
});

test('JSON says the same, in characters that a terminal shows', () => {
  const value = { file: 'a\u001b\u009b\u202e\u2028\n猫"\\' };
  const line = printableJson(value);
  expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}]/u);
  expect(line).toContain('猫');
  expect(JSON.parse(line)).toEqual(value);
});
