import { type Activation, hardSwish, identity, leakyRelu, relu, relu6, silu } from '@residual/blocks';

/** By PyTorch's names; `swish` is SiLU's other one. */
export function activations(): ReadonlyMap<string, Activation> {
  const all = [relu, relu6, leakyRelu, silu, hardSwish, identity];
  return new Map([...all.map((activation) => [activation.name, activation] as const), ['swish', silu]]);
}
