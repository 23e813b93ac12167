import type { CompileOptions, Precision } from '../engine.ts';
import { EngineError } from './engine-error.ts';

/** For engines: refuses a precision that they have not. @throws EngineError (`UNAVAILABLE`) */
export function checkPrecision(
  engine: string,
  { precision = 'fp32' }: CompileOptions = {},
  known: readonly Precision[] = ['fp32'],
): void {
  if (known.includes(precision)) return;
  const expected = `expected ${known.join(' or ')}, which is all that ${engine} computes in`;
  throw new EngineError('UNAVAILABLE', engine, `precision: ${expected}, got ${precision}`);
}
