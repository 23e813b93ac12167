/** Rows of cells as aligned lines; columns of numbers (by index) are set flush right. */
export function columns(rows: readonly (readonly string[])[], flushRight: readonly number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        flushRight.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}
