import { type TorchView, viewTorch } from './layout.ts';
import type { StateDict } from './state-dict.ts';
import type { VarSpec } from './var-scope.ts';

/**
 * The tensors of a model's variables as its layout has them, seen in place: what an engine is given as weights.
 *
 * @throws RangeError for a variable that the dict lacks; `compare` says beforehand what does not fit.
 */
export function viewStateDict(dict: StateDict, specs: ReadonlyMap<string, VarSpec>): Map<string, TorchView> {
  return new Map(
    [...specs].map(([name, { layout }]) => {
      const tensor = dict.get(name);
      if (tensor === undefined) throw new RangeError(`${name}: expected a tensor by this name, got none`);
      return [name, viewTorch(layout, tensor)];
    }),
  );
}
