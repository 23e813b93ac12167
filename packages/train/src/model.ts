import type { VarSource, VarSpec } from '@residual/blocks';
import { engine, type Tensor, type Tensor4D, Variable } from '@tensorflow/tfjs-core';

/** What can be trained: maps `[N, H, W, C]` float32 to logits `[N, classes]` and assigns nothing itself. */
export interface TrainableModel {
  forward(
    x: Tensor4D,
    options?: {
      readonly training?: boolean;
      readonly frozenBatchNorm?: boolean;
      /** Receives new running statistics by name, kept alive; whoever gave the map disposes them. */
      readonly updates?: Map<string, Tensor>;
    },
  ): Tensor;
}

/** Builds the model over variables that it is given: `(vars) => cifarResNet(20, { vars })`. It is built anew for each trace. */
export type ModelBuilder = (vars: VarSource) => TrainableModel;

/** Values by name, row-major, in tfjs's layout. */
export type HostValues = ReadonlyMap<string, Float32Array>;

/** A model's variables by torchvision's names, without their values. */
export type VariableSpecs = ReadonlyMap<string, VarSpec>;

/** Builds the model once, on the current tfjs backend, to learn its variables and their first values. */
export async function initialVariables(
  build: ModelBuilder,
  source: VarSource,
): Promise<{ readonly specs: VariableSpecs; readonly values: HostValues }> {
  const specs = new Map<string, VarSpec>();
  const tensors = new Map<string, Tensor>();
  engine().startScope();
  try {
    build((path, spec) => {
      const tensor = source(path, spec);
      specs.set(path, spec);
      tensors.set(path, tensor);
      return tensor;
    });
  } finally {
    engine().endScope();
  }
  const values = new Map<string, Float32Array>();
  for (const [path, tensor] of tensors) {
    values.set(path, Float32Array.from((await tensor.data()) as Float32Array));
    if (tensor instanceof Variable) tensor.dispose();
  }
  return { specs, values };
}
