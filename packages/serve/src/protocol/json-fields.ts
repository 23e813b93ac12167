import { mayTakeTooMuch, tooMuch } from './json-memory.ts';
import { ProtocolError } from './protocol-error.ts';

/** @throws ProtocolError with status 400, or 413 for values that would take too much memory */
export function parseJson(bytes: Uint8Array): unknown {
  if (mayTakeTooMuch(bytes)) throw tooMuch('binary data');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ProtocolError(
      400,
      `the request: expected JSON in UTF-8: ${(error as Error).message.replaceAll(/\s+/g, ' ')}`,
      error,
    );
  }
}

/** @throws ProtocolError where the field at `place` is no object. */
export function asObject(place: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ProtocolError(400, `${place}: expected an object, got ${describe(value)}`);
}

/** @throws ProtocolError where the field at `place` is no list. */
export function asArray(place: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ProtocolError(400, `${place}: expected a list, got ${describe(value)}`);
}

/** @throws ProtocolError where the field at `place` is no text. */
export function asText(place: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ProtocolError(400, `${place}: expected text, got ${describe(value)}`);
}

export function asOptionalString(place: string, value: unknown): string | undefined {
  return value === undefined ? undefined : asText(place, value);
}

/** A value in an error's line: short, whatever it is. */
export function describe(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
