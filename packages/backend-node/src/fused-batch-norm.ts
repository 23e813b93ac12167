import {
  getKernel,
  type KernelConfig,
  type NamedTensorInfoMap,
  registerKernel,
  type Tensor,
  type TensorInfo,
  tensor,
} from '@tensorflow/tfjs-core';

/** The kernels that `@residual/blocks` runs where they are registered; TensorFlow has each as one operation. */
const BATCH_NORM_TRAINING = 'BatchNormTraining';
const BATCH_NORM_TRAINING_GRAD = 'BatchNormTrainingGrad';

/** The part of tfjs-node's backend that runs TensorFlow's operations. */
interface OperationRunner {
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_ATTR_FLOAT: number } & Record<string, number>;
  executeMultipleOutputs(name: string, attributes: object[], inputs: TensorInfo[], outputCount: number): Tensor[];
}

type Kernel = (run: RunOperation, inputs: NamedTensorInfoMap) => Tensor[];
type RunOperation = (name: string, inputs: readonly TensorInfo[], outputCount: number) => Tensor[];

/** Batch norm in training, and its gradient, by TensorFlow's fused kernels. */
export function registerFusedBatchNorm(): void {
  if (getKernel(BATCH_NORM_TRAINING, 'tensorflow')) return;
  registerKernel(config(BATCH_NORM_TRAINING, normalize));
  registerKernel(config(BATCH_NORM_TRAINING_GRAD, differentiate));
}

const normalize: Kernel = (run, { x, scale, offset }) => {
  const empty = tensor([], [0], 'float32');
  const outputs = run('FusedBatchNormV3', [x!, scale!, offset!, empty, empty], 6);
  // 1 and 2 are for running averages, with the unbiased variance; 3 and 4 for the gradient, with the biased one.
  const [y, meanForAverages, unbiased, mean, variance, unused] = outputs as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  for (const other of [empty, meanForAverages, unbiased, unused]) other.dispose();
  return [y, mean, variance];
};

const differentiate: Kernel = (run, { dy, x, scale, mean, variance }) => {
  const unused = tensor(0, [], 'float32');
  const [dx, dScale, dOffset, ...others] = run('FusedBatchNormGradV3', [dy!, x!, scale!, mean!, variance!, unused], 5);
  for (const other of [unused, ...others]) other.dispose();
  return [dx!, dScale!, dOffset!];
};

function config(kernelName: string, kernel: Kernel): KernelConfig {
  return {
    kernelName,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const runner = backend as unknown as OperationRunner;
      const { binding } = runner;
      const float = binding['TF_FLOAT'];
      const attributes = [
        { name: 'T', type: binding.TF_ATTR_TYPE, value: float },
        { name: 'U', type: binding.TF_ATTR_TYPE, value: float },
        { name: 'epsilon', type: binding.TF_ATTR_FLOAT, value: attrs!['varianceEpsilon'] },
        { name: 'data_format', type: binding['TF_ATTR_STRING'], value: 'NHWC' },
        { name: 'is_training', type: binding['TF_ATTR_BOOL'], value: true },
      ];
      return kernel((name, given, count) => runner.executeMultipleOutputs(name, attributes, [...given], count), inputs);
    },
  };
}
