import Table from 'cli-table3';
import { displayWidth, fitText, wrapText } from './fit-text.ts';
import { printable } from './printable.ts';

/** A column, and what may be done to it where a terminal is too narrow for all. */
export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** Which end of its cells may be cut off: a path's start, a name's end; left out, cells stay whole, as numbers must. */
  readonly cut?: 'start' | 'end';
  /** Columns are left out in this order, 1 first; those without a number stay. */
  readonly leaveOut?: number;
}

/** A line below each row, below the head alone, there and without the space on cells' left, or nowhere. */
export type TableStyle = 'ruled' | 'compact' | 'dense' | 'plain';

interface TableOptions {
  readonly style?: TableStyle;
  /** Columns of the terminal; default: stdout's, or as many as it takes where that is none. */
  readonly width?: number | undefined;
}

/** A cell, or the lines of one. */
type Cell = string | readonly string[];

/** Cells are cut to these many columns before whole columns are left out, and then to fewer. */
const READABLE = 24;
const LEAST = 4;

/**
 * The lines of a table that fits the terminal: long cells are cut, then columns left out, which the last lines say. Whatever
 * is in the cells, a terminal only shows it. Narrower than what must stay whole it does not get.
 */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): readonly string[] {
  const { style = 'ruled', width = process.stdout.isTTY ? process.stdout.columns : undefined } = options;
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? [cell] : cell).map(printable)));
  const natural = columns.map(({ head }, at) => widest([head, ...cells.flatMap((row) => row[at]!)]));
  const { shown, widths } = fitColumns(columns, natural, style, width ?? Number.POSITIVE_INFINITY);
  const cellText = (lines: readonly string[], at: number): string =>
    lines.map((line) => fitText(line, widths[at]!, columns[at]!.cut ?? 'end')).join('\n');
  const table = new Table({
    head: shown.map((at) => cellText([columns[at]!.head], at)),
    colAligns: shown.map((at) => columns[at]!.align ?? 'left'),
    ...(style === 'plain' && { chars: noFrame() }),
    style: {
      head: [],
      border: [],
      compact: style !== 'ruled',
      'padding-left': style === 'plain' || style === 'dense' ? 0 : 1,
      'padding-right': style === 'plain' ? 0 : 1,
    },
  });
  for (const row of cells) table.push(shown.map((at) => cellText(row[at]!, at)));
  const lines = table.toString().split('\n');
  const left = columns.filter((_, at) => !shown.includes(at)).map(({ head }) => head);
  const drawn = style === 'plain' ? lines.map((line) => line.trimEnd()) : lines;
  return left.length === 0 ? drawn : [...drawn, ...wrapText(`too narrow for: ${left.join(', ')}`, width!)];
}

/** Whether a table takes no more columns than the terminal has; always where stdout is none. */
export function fitsTerminal(lines: readonly string[]): boolean {
  return !process.stdout.isTTY || widest(lines) <= process.stdout.columns;
}

function fitColumns(
  columns: readonly Column[],
  natural: readonly number[],
  style: TableStyle,
  width: number,
): { shown: readonly number[]; widths: readonly number[] } {
  let widths = [...natural];
  let shown = [...columns.keys()];
  const excess = (): number => shown.reduce((sum, at) => sum + widths[at]!, frameWidth(shown.length, style)) - width;
  const narrow = (least: number): void => {
    for (let over = excess(); over > 0; over--) {
      const [most] = shown
        .filter((at) => columns[at]!.cut !== undefined && widths[at]! > least)
        .sort((a, b) => widths[b]! - widths[a]!);
      if (most === undefined) return;
      widths[most]! -= 1;
    }
  };
  narrow(READABLE);
  const order = (at: number): number => columns[at]!.leaveOut ?? Number.POSITIVE_INFINITY;
  for (const at of shown
    .filter((column) => columns[column]!.leaveOut !== undefined)
    .sort((a, b) => order(a) - order(b)))
    if (excess() > 0) shown = shown.filter((other) => other !== at);
  // What is left out leaves room.
  widths = [...natural];
  narrow(LEAST);
  return { shown, widths };
}

/** Columns that lines and padding take. */
function frameWidth(count: number, style: TableStyle): number {
  if (style === 'plain') return 2 * (count - 1);
  return (style === 'dense' ? 2 : 3) * count + 1;
}

function noFrame(): Record<string, string> {
  const parts = ['top', 'bottom', 'left', 'right'].flatMap((side) => [
    side,
    `${side}-mid`,
    `${side}-left`,
    `${side}-right`,
  ]);
  const none = Object.fromEntries([...parts, 'mid', 'mid-mid'].map((part) => [part, '']));
  return { ...none, middle: '  ' };
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(displayWidth));
}
