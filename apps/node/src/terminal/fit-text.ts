import stringWidth from 'string-width';

/** Columns that a terminal shows a text in: two for a Chinese character or an emoji. */
export function displayWidth(text: string): number {
  return stringWidth(text);
}

/** A text in at most so many columns; what is cut off, of the end or of the start, is an ellipsis. */
export function fitText(text: string, width: number, cut: 'start' | 'end'): string {
  if (displayWidth(text) <= width) return text;
  // By what people take for a character, so that none is halved.
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  if (cut === 'start') characters.reverse();
  const kept: string[] = [];
  let left = width - 1;
  for (const character of characters) {
    left -= displayWidth(character);
    if (left < 0) break;
    kept.push(character);
  }
  return cut === 'start' ? `…${kept.reverse().join('')}` : `${kept.join('')}…`;
}

/** A text in lines of at most so many columns, broken between words; a longer word has a line of its own. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(`${last} ${word}`) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
