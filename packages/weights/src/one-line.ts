/** Text from a file, safe to show: on one line, without control characters, and not without end. */
export function oneLine(text: string, maxLength = 1000): string {
  const shown = text.replace(/[\p{Cc}\u2028\u2029]/gu, '?');
  return shown.length > maxLength ? `${shown.slice(0, maxLength)}…` : shown;
}
