import { LENGTH_BYTES, type PlanHeader } from '../plan/plan-format.ts';
import { PlanError } from './plan-error.ts';
import type { PlanSource } from './plan-session.ts';

/**
 * Takes a plan file apart; the weights stay where they are.
 *
 * @throws PlanError (`BAD_FILE`).
 */
export function readPlan(file: ArrayBuffer): PlanSource {
  const { plan, begin } = readHeader(file);
  const offsets: number[] = [];
  const end = plan.weights.reduce((offset, size) => {
    offsets.push(offset);
    return offset + size;
  }, begin);
  if (end !== file.byteLength) throw badFile(`${end} bytes`, `${file.byteLength}`);
  return { plan, pack: (block) => new Uint8Array(file, offsets[block]!, plan.weights[block]!) };
}

function readHeader(file: ArrayBuffer): { plan: PlanHeader['plan']; begin: number } {
  const length = file.byteLength < LENGTH_BYTES ? Number.POSITIVE_INFINITY : new DataView(file).getUint32(0, true);
  const begin = LENGTH_BYTES + length;
  if (begin > file.byteLength || begin % 4 !== 0) throw badFile('its header', 'another file');
  let header: Partial<PlanHeader>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(file, LENGTH_BYTES, length)));
  } catch {
    throw badFile('its header', 'another file');
  }
  if (header?.format !== 'residual-plan' || header.version !== 1 || header.plan === undefined) {
    throw badFile('residual-plan, version 1', `${header?.format}, version ${header?.version}`);
  }
  return { plan: header.plan, begin };
}

function badFile(expected: string, got: string): PlanError {
  return new PlanError('BAD_FILE', `plan: expected ${expected}, got ${got}; write it by residual export --format plan`);
}
