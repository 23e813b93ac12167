import * as tf from '@tensorflow/tfjs-core';
import { architectureNets } from './architecture-nets.ts';
import { around, batchNorm, type ContractNet, type Convolution, conv } from './contract-net.ts';

interface ConvolutionCase extends Convolution {
  readonly image: readonly [number, number, number, number];
}

/** Small nets, each for something that an engine's convolutions, pools or fusions could get wrong. */
export function contractNets(): Readonly<Record<string, ContractNet>> {
  return {
    'a 1×1 convolution': convolution({ image: [1, 7, 5, 8], outChannels: 16, kernel: [1, 1] }),
    'a 1×1 convolution of 3 to 5 channels, batch 3': convolution({
      image: [3, 6, 6, 3],
      outChannels: 5,
      kernel: [1, 1],
    }),
    'a 1×1 convolution at stride 2, odd size': convolution({
      image: [1, 9, 7, 16],
      outChannels: 32,
      kernel: [1, 1],
      stride: 2,
    }),
    'a 3×3 convolution': convolution({
      image: [1, 14, 14, 16],
      outChannels: 16,
      kernel: [3, 3],
      pad: [1, 1, 1, 1],
      bias: true,
      relu: true,
    }),
    'a 3×3 convolution, odd size, odd channels, batch 3': convolution({
      image: [3, 11, 13, 17],
      outChannels: 33,
      kernel: [3, 3],
      pad: [1, 1, 1, 1],
    }),
    'a 3×3 convolution without padding': convolution({ image: [1, 8, 9, 16], outChannels: 16, kernel: [3, 3] }),
    'a 3×3 convolution of one pixel': convolution({
      image: [1, 1, 1, 32],
      outChannels: 16,
      kernel: [3, 3],
      pad: [1, 1, 1, 1],
    }),
    'a 3×3 convolution at stride 2': convolution({
      image: [1, 10, 11, 16],
      outChannels: 32,
      kernel: [3, 3],
      stride: 2,
      pad: [1, 1, 1, 1],
    }),
    'a 3×3 convolution at stride 2, padded at the far end': convolution({
      image: [1, 8, 8, 4],
      outChannels: 8,
      kernel: [3, 3],
      stride: 2,
      pad: [0, 1, 0, 1],
    }),
    'a 7×7 convolution at stride 2 of RGB': convolution({
      image: [1, 31, 30, 3],
      outChannels: 64,
      kernel: [7, 7],
      stride: 2,
      pad: [3, 3, 3, 3],
    }),
    'a 5×3 convolution, each side padded otherwise': convolution({
      image: [1, 9, 10, 6],
      outChannels: 8,
      kernel: [5, 3],
      pad: [2, 1, 0, 3],
    }),
    'a dilated convolution': convolution({
      image: [1, 12, 9, 16],
      outChannels: 16,
      kernel: [3, 3],
      pad: [2, 2, 2, 2],
      dilation: 2,
    }),
    'a convolution in groups': convolution({
      image: [1, 8, 8, 32],
      outChannels: 32,
      kernel: [3, 3],
      pad: [1, 1, 1, 1],
      groups: 8,
      bias: true,
      relu: true,
    }),
    'a convolution in groups of odd width, at stride 2, batch 3': convolution({
      image: [3, 9, 8, 15],
      outChannels: 21,
      kernel: [3, 3],
      stride: 2,
      pad: [1, 1, 1, 1],
      groups: 3,
    }),
    'a convolution in groups, dilated': convolution({
      image: [1, 9, 9, 16],
      outChannels: 16,
      kernel: [3, 3],
      pad: [2, 2, 2, 2],
      groups: 2,
      dilation: 2,
    }),
    'a depthwise convolution': convolution({
      image: [1, 8, 8, 16],
      outChannels: 16,
      kernel: [3, 3],
      pad: [1, 1, 1, 1],
      groups: 16,
    }),
    'max pooling, padded after a ReLU': (t) => ({
      y: tf.maxPool(tf.pad(tf.relu(t.input('image', [2, 9, 8, 5]) as tf.Tensor4D), around(1, 1, 1, 1)), 3, 2, 'valid'),
    }),
    'max pooling, padded with minus infinity': (t) => ({
      y: tf.maxPool(tf.sub(t.input('image', [1, 7, 7, 16]) as tf.Tensor4D, 3) as tf.Tensor4D, 3, 2, 1),
    }),
    'average pooling, and one that counts real pixels only': (t) => {
      const x = t.input('image', [1, 8, 8, 16]) as tf.Tensor4D;
      return { plain: tf.avgPool(x, 2, 2, 'valid'), padded: tf.avgPool(x, 3, 2, 1) };
    },
    'the shortcut without parameters: every second pixel, zeros for channels': (t) => {
      const x = t.input('image', [1, 8, 8, 16]) as tf.Tensor4D;
      const y = conv(t, 'conv1', x, {
        outChannels: 32,
        kernel: [3, 3],
        stride: 2,
        pad: [1, 1, 1, 1],
      });
      const shortcut = tf.pad(tf.avgPool(x, 1, 2, 'valid'), [
        [0, 0],
        [0, 0],
        [0, 0],
        [8, 8],
      ]);
      return { y: tf.relu(tf.add(y, shortcut)) };
    },
    'the mean, a linear layer and softmax': (t) => {
      const pooled = tf.mean(t.input('image', [3, 5, 4, 24]), [1, 2]) as tf.Tensor2D;
      const logits = tf.add(
        tf.matMul(pooled, t.parameter('fc.weight', [24, 7]) as tf.Tensor2D),
        t.parameter('fc.bias', [7]),
      );
      return { logits, probabilities: tf.softmax(logits) };
    },
    ...architectureNets(),
    'values that are read twice, and outputs in the middle': (t) => {
      const shape = { outChannels: 16, kernel: [3, 3], pad: [1, 1, 1, 1] } as const;
      const x = t.input('image', [1, 6, 6, 16]) as tf.Tensor4D;
      const first = conv(t, 'conv1', x, shape);
      const second = tf.relu(conv(t, 'conv2', first, shape)) as tf.Tensor4D;
      const third = tf.add(conv(t, 'conv3', second, shape), first) as tf.Tensor4D;
      return { first, second, y: tf.relu(tf.add(third, second)) };
    },
    'outputs that are an input, a constant, a weight, or another output': (t) => {
      const x = t.input('image', [1, 3, 3, 4]);
      const y = tf.relu(x);
      return { copy: tf.clone(x), y, again: y, fixed: tf.tensor1d([1, 2, 3]), weight: t.parameter('fc.bias', [5]) };
    },
    'a normalised picture before a padded convolution': (t) => {
      const x = t.input('image', [1, 8, 8, 3]) as tf.Tensor4D;
      const normal = tf.div(tf.sub(tf.div(x, 255), [0.485, 0.456, 0.406]), [0.229, 0.224, 0.225]) as tf.Tensor4D;
      return {
        y: conv(t, 'conv1', normal, { outChannels: 8, kernel: [3, 3], pad: [1, 1, 1, 1] }),
      };
    },
  };
}

/** ResNet-20 for pictures of any size, with projection shortcuts, in plain tfjs operations. */
export function residualNet(batch: number, imagePx: number): ContractNet {
  return (t) => {
    const image = t.input('image', [batch, imagePx, imagePx, 3]) as tf.Tensor4D;
    const layer = (name: string, x: tf.Tensor4D, outChannels: number, size: number, stride: number): tf.Tensor4D => {
      const p = (size - 1) / 2;
      const options = { outChannels, kernel: [size, size], stride, pad: [p, p, p, p] } as const;
      return batchNorm(t, `${name}.bn`, conv(t, name, x, options));
    };
    let x: tf.Tensor4D = tf.relu(layer('conv1', image, 16, 3, 1));
    for (const [stage, channels] of [16, 32, 64].entries()) {
      for (const block of [0, 1, 2]) {
        const name = `layer${stage + 1}.${block}`;
        const stride = stage > 0 && block === 0 ? 2 : 1;
        const inner = tf.relu(layer(`${name}.conv1`, x, channels, 3, stride)) as tf.Tensor4D;
        const shortcut = stride === 1 ? x : layer(`${name}.downsample.0`, x, channels, 1, stride);
        x = tf.relu(tf.add(layer(`${name}.conv2`, inner, channels, 3, 1), shortcut));
      }
    }
    const pooled = tf.mean(x, [1, 2]) as tf.Tensor2D;
    const product = tf.matMul(pooled, t.parameter('fc.weight', [64, 10]) as tf.Tensor2D);
    return { logits: tf.add(product, t.parameter('fc.bias', [10])) };
  };
}

function convolution(options: ConvolutionCase): ContractNet {
  return (t) => ({ y: conv(t, 'conv1', t.input('image', options.image) as tf.Tensor4D, options) });
}
