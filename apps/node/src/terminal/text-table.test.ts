import { expect, test } from 'vitest';
import { displayWidth, fitText } from './fit-text.ts';
import { type Column, textTable } from './text-table.ts';

const columns: readonly Column[] = [
  { head: 'picture', cut: 'start' },
  { head: 'class', cut: 'end' },
  { head: 'probability', align: 'right' },
];
const rows = [
  ['holiday/2024/summer/写真/猫の写真.jpg', ['Chesapeake Bay retriever', 'tabby'], ['82.75 %', '5.08 %']],
  ['holiday/😀😀😀😀😀😀😀😀😀😀😀😀😀.png', ['cup'], ['1.00 %']],
];

test.each([40, 60, 80])('on %i columns no line is longer, and all are alike', (width) => {
  const widths = textTable(columns, rows, { width }).map(displayWidth);
  expect(Math.max(...widths)).toBeLessThanOrEqual(width);
  expect(new Set(widths).size).toBe(1);
});

test('a path loses its start, a name its end, a number nothing', () => {
  const text = textTable(columns, rows, { width: 50 }).join('\n');
  expect(text).toMatch(/│ …\S*猫の写真\.jpg +│ Chesapeake\S*[^│]*… │ {5}82\.75 % │/);
});

test('where stdout is no terminal nothing is cut', () => {
  expect(textTable(columns, rows).join('\n')).toContain(
    'holiday/2024/summer/写真/猫の写真.jpg  │ Chesapeake Bay retriever │',
  );
});

test('columns are left out in their order, and named', () => {
  const many: readonly Column[] = [
    { head: 'model', cut: 'end' },
    { head: 'parameters', align: 'right', leaveOut: 2 },
    { head: 'licence', leaveOut: 1 },
  ];
  const row = [['resnext101_32x8d', '88.8 M', 'bsd-3-clause']];
  expect(textTable(many, row, { style: 'plain', width: 30 })).toEqual([
    'model             parameters',
    'resnext101_32x8d      88.8 M',
    'too narrow for: licence',
  ]);
  expect(textTable(many, row, { style: 'plain', width: 24 })).toEqual([
    'model',
    'resnext101_32x8d',
    'too narrow for:',
    'parameters, licence',
  ]);
});

test('what is in a cell moves no line', () => {
  const lines = textTable(columns, [['a\nb\u001b[2J.png', 'x\u202e', '1 %']]);
  expect(lines).toHaveLength(5);
  expect(lines.join('')).toContain('a\\nb\\x1b[2J.png');
});

test.each([
  ['猫猫猫', 5, 'end', '猫猫…'],
  ['猫猫猫', 4, 'end', '猫…'],
  ['a👩‍👩‍👧b', 3, 'end', 'a…'],
  ['photos/a.png', 6, 'start', '…a.png'],
  ['a.png', 5, 'start', 'a.png'],
] as const)('%s in %i columns', (text, width, cut, expected) => {
  expect(fitText(text, width, cut)).toBe(expected);
});
