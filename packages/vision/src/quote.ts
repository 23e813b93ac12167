/** Most characters of somebody's input that a message repeats. */
const MOST_CHARACTERS = 80;

/** A value as a message has it: as JSON, on one line, and cut where it is long. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
