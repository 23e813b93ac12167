import { type ByteSource, readExactly } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';

/** A JSON object of unknown making. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A configuration, an index of shards or a description of a repository is smaller by far. */
const LARGEST_JSON_BYTES = 16 * 2 ** 20;

/** @throws WeightsFormatError for what is no JSON object, or too large for one. */
export async function parseJson(source: ByteSource): Promise<JsonObject> {
  if (source.sizeBytes > LARGEST_JSON_BYTES) {
    const text = `expected at most ${LARGEST_JSON_BYTES} bytes of JSON, got ${source.sizeBytes}; check the file`;
    throw new WeightsFormatError('too-large', source.name, text);
  }
  const bytes = await readExactly(source, 0, source.sizeBytes, 'JSON');
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isObject(value)) return value;
  } catch {
    // Said below, as for JSON of another kind.
  }
  throw new WeightsFormatError('corrupt', source.name, 'expected a JSON object, got something else; check the file');
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
