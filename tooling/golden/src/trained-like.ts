import { type HostTensor, randomVars } from '@residual/blocks';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import * as tf from '@tensorflow/tfjs-core';

/** What a pass in training weighs new statistics with. @see torch `nn.BatchNorm2d` */
const MOMENTUM = 0.1;

/**
 * Weights as training leaves them, without training: Kaiming's, the batch statistics of `pictures`, and a last layer with a
 * class for each picture, which it knows by its features.
 *
 * @param pictures each `[size, size, 3] float32`, normalised.
 * @returns a state dict in PyTorch's layout.
 */
export async function trainedLike(
  spec: ResNetSpec,
  pictures: readonly Float32Array[],
  size: number,
): Promise<Map<string, HostTensor>> {
  const model = new ResNet({ ...spec, numClasses: pictures.length }, { vars: randomVars({ seed: 1 }) });
  const batch = tf.tidy(() =>
    tf.stack(pictures.map((picture) => tf.tensor3d(picture, [size, size, 3]))),
  ) as tf.Tensor4D;
  try {
    const updates = new Map<string, tf.Tensor>();
    tf.dispose(model.forwardIntermediates(batch, ['pooled'], { training: true, updates }));
    for (const [name, blended] of updates) {
      const running = model.variables.get(name) as tf.Variable;
      tf.tidy(() => running.assign(tf.div(tf.sub(blended, tf.mul(running, 1 - MOMENTUM)), MOMENTUM)));
      blended.dispose();
    }
    const { pooled } = model.forwardIntermediates(batch, ['pooled']);
    const features = await pooled.array();
    pooled.dispose();
    return withClassOf(features as number[][], await model.stateDict(), model.headPath!);
  } finally {
    batch.dispose();
    model.dispose();
  }
}

/**
 * The state dict with a last layer whose largest answer is the nearest row of `features`: `(x − m)·c − |c|²/2` for a row
 * `c` from their mean `m`.
 */
function withClassOf(
  features: readonly number[][],
  stateDict: ReadonlyMap<string, HostTensor>,
  headPath: string,
): Map<string, HostTensor> {
  const mean = features[0]!.map((_, channel) => average(features.map((row) => row[channel]!)));
  const centred = features.map((row) => row.map((value, channel) => value - mean[channel]!));
  const bias = centred.map((row) => row.reduce((sum, value, i) => sum - value * (mean[i]! + value / 2), 0));
  return new Map([
    ...stateDict,
    [
      `${headPath}.weight`,
      { shape: stateDict.get(`${headPath}.weight`)!.shape, data: Float32Array.from(centred.flat()) },
    ],
    [`${headPath}.bias`, { shape: [features.length], data: Float32Array.from(bias) }],
  ]);
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
