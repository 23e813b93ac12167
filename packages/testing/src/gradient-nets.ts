import * as tf from '@tensorflow/tfjs-core';
import { around, type ContractNet, LEAST, type TracerLike } from './contract-net.ts';

/** A loss of named tensors, which the net declares as inputs. */
type Loss = (tensors: readonly tf.Tensor4D[]) => tf.Tensor;

/**
 * Training steps without an update: a loss and its gradients with respect to all that goes in, as tfjs writes them. They
 * need tfjs's gradients (`@tensorflow/tfjs-core/dist/register_all_gradients.js`).
 */
export function gradientNets(): Readonly<Record<string, ContractNet>> {
  const image = [2, 7, 6, 5];
  return {
    'the gradients of a gate by channel': gradients(
      { image, gate: [2, 1, 1, 5], filter: [1, 1, 5, 5] },
      ([x, gate, filter]) =>
        tf.mul(x!, tf.sigmoid(tf.add(gate!, tf.conv2d(tf.mean<tf.Tensor4D>(x!, [1, 2], true), filter!, 1, 'valid')))),
    ),
    'the gradients of SiLU, leaky ReLU and hard-swish': gradients({ image }, ([x]) => {
      const silu = tf.mul(x!, tf.sigmoid(x!));
      const leaky = tf.add(tf.mul(x!, 0.01), tf.mul(tf.relu(x!), 0.99));
      const hardSwish = tf.mul(x!, tf.mul(tf.relu6(tf.add(x!, 3)), 1 / 6));
      return tf.add(tf.add(silu, leaky), hardSwish);
    }),
    // Where an average leaves out padding, tfjs's own gradient counts it: so sizes are even here.
    'the gradients of average pooling': gradients({ image: [2, 8, 6, 5] }, ([x]) => tf.avgPool(x!, 2, 2, 'valid')),
    'the gradients of max pooling padded with the least number': gradients({ image }, ([x]) =>
      tf.maxPool(tf.pad(tf.sub(x!, 30), around(1, 1, 1, 1), LEAST) as tf.Tensor4D, 3, 2, 'valid'),
    ),
    'the gradients of the maximum and the mean of a picture, joined': gradients(
      { image, filter: [1, 1, 5, 9] },
      ([x, filter]) => {
        const y = tf.conv2d(x!, filter!, 1, 'valid');
        return tf.concat([tf.max<tf.Tensor2D>(y, [1, 2]), tf.mean<tf.Tensor2D>(y, [1, 2])], 1);
      },
    ),
    'the gradients of channels split and joined': gradients({ image, filter: [1, 1, 5, 3] }, ([x, filter]) => {
      const [left, right] = tf.split(x!, [2, 3], 3) as [tf.Tensor4D, tf.Tensor4D];
      return tf.concat([tf.mul(tf.conv2d(x!, filter!, 1, 'valid'), right), left], 3);
    }),
    'the gradients of a shortcut that is normalised before the convolution': gradients(
      { image, filter: [3, 3, 5, 5], scale: [1, 1, 1, 5] },
      ([x, filter, scale]) => {
        const normal = tf.relu(tf.mul(x!, scale!)) as tf.Tensor4D;
        return tf.add(tf.conv2d(tf.pad(normal, around(1, 1, 1, 1)) as tf.Tensor4D, filter!, 1, 'valid'), x!);
      },
    ),
  };
}

function gradients(shapes: Readonly<Record<string, readonly number[]>>, net: Loss): ContractNet {
  return (t: TracerLike) => {
    const names = Object.keys(shapes);
    const inputs = names.map((name) => t.input(name, shapes[name]!) as tf.Tensor4D);
    const loss = (...tensors: tf.Tensor[]): tf.Scalar => tf.mean(tf.square(net(tensors as tf.Tensor4D[])));
    const { value, grads } = tf.valueAndGrads(loss)(inputs);
    return { loss: value, ...Object.fromEntries(names.map((name, index) => [`d${name}`, grads[index]!])) };
  };
}
