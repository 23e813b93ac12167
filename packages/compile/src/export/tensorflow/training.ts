import type { NodeWriter } from './node-writer.ts';
import type { OperationTable } from './operation.ts';

/** What only training runs. */
export const trainingOperations: OperationTable = {
  BatchNormTraining: (w) => {
    const inputs = [w.input(0), w.input(1, 'float32'), w.input(2, 'float32')];
    const empty = w.constant([0], [], 'float32');
    const name = w.op('FusedBatchNormV3', [...inputs, empty, empty], attributes(w));
    // Its outputs 1 and 2 are for running averages, with the unbiased variance; 3 and 4 for the gradient, with the biased one.
    return [name, `${name}:3`, `${name}:4`];
  },
  BatchNormTrainingGrad: (w) => {
    const [dy, x] = [w.input(0), w.input(1)];
    const vectors = [2, 3, 4].map((index) => w.input(index, 'float32'));
    // The last input is of use on GPUs alone.
    const unused = w.constant([], [0], 'float32');
    const name = w.op('FusedBatchNormGradV3', [dy, x, ...vectors, unused], attributes(w));
    return [name, `${name}:1`, `${name}:2`];
  },
  ReluGrad: (w) => w.op('ReluGrad', w.inputs, { T: w.type(w.outputs[0]!) }),
};

function attributes(w: NodeWriter): Parameters<NodeWriter['op']>[2] {
  return {
    T: w.type(w.outputs[0]!),
    U: { type: 'float32' },
    epsilon: { float: w.attributes['varianceEpsilon'] as number },
    is_training: true,
    data_format: 'NHWC',
  };
}
