import type { CompileOptions, Precision } from '../engine.ts';
import { EngineError } from './engine-error.ts';

/** For engines: the precision that is asked for. @throws EngineError (`UNAVAILABLE`) for one that they have not */
export function checkPrecision<Known extends Precision = 'fp32'>(
  engine: string,
  { precision = 'fp32' }: CompileOptions = {},
  known: readonly Known[] = ['fp32' as Known],
): Known {
  const found = known.find((one) => one === precision);
  if (found !== undefined) return found;
  const expected = `expected ${known.join(' or ')}, which is all that ${engine} computes in`;
  throw new EngineError('UNAVAILABLE', engine, `precision: ${expected}, got ${precision}`);
}
