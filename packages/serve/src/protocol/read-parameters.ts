import { describe } from './json-fields.ts';
import { ProtocolError } from './protocol-error.ts';

/** How many classes an output is to name: the classification extension. @throws ProtocolError with status 400 */
export function readClasses(place: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  const text = `expected a number of classes from 1, got ${describe(value)}`;
  throw new ProtocolError(400, `${place}.parameters.classification: ${text}`);
}

/** Triton's `timeout`, in microseconds, as milliseconds. @throws ProtocolError with status 400 */
export function readTimeout(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value / 1000;
  throw new ProtocolError(400, `parameters.timeout: expected microseconds above 0, got ${describe(value)}`);
}
