import type { ByteSource } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { PickleObject, type PickleValue, TensorReference } from './pickle-values.ts';

/** @throws WeightsFormatError for a TorchScript module whose weights are quantised, or are constants of its code. */
export function checkScript(source: ByteSource, root: PickleValue): void {
  const stack = [root];
  const seen = new Set<PickleValue>();
  let hasTensor = false;
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (value instanceof TensorReference) hasTensor = true;
    if (seen.has(value) || !(value instanceof PickleObject || value instanceof Map || Array.isArray(value))) continue;
    seen.add(value);
    if (!(value instanceof PickleObject)) for (const inner of value.values()) stack.push(inner);
    else {
      if (value.name.startsWith('__torch__.torch.classes.quantized')) throw quantized(source);
      if (value.state !== undefined) stack.push(value.state);
    }
  }
  if (hasTensor) return;
  const text =
    'expected a TorchScript module with parameters, got one whose weights are constants of its code (frozen); save state_dict() of the module before it is frozen';
  throw new WeightsFormatError('no-tensors', source.name, text);
}

function quantized(source: ByteSource): WeightsFormatError {
  const text =
    'expected a TorchScript module of float weights, got a quantised one, packed for its own kernels; save state_dict() of the module before it is converted';
  return new WeightsFormatError('unsupported', source.name, text);
}
