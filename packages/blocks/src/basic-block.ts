import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm2d } from './batch-norm2d.ts';
import type { Block, BlockOptions } from './block.ts';
import { Conv2d } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { makeShortcut, projectionShortcut, type Shortcut } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/** Two 3×3 convolutions and nothing around them: the plain net of the degradation experiment. */
export class PlainBasicBlock implements Block {
  static readonly expansion: number = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;

  constructor(vars: VarScope, options: BlockOptions) {
    const { inChannels, planes, stride = 1, dilation = 1, firstDilation = dilation, zeroInit = false } = options;
    const conv = { outChannels: planes, kernelSize: 3 };
    this.conv1 = new Conv2d(vars.scope('conv1'), { ...conv, inChannels, stride, dilation: firstDilation });
    this.bn1 = new BatchNorm2d(vars.scope('bn1'), planes);
    this.conv2 = new Conv2d(vars.scope('conv2'), { ...conv, inChannels: planes, dilation });
    this.bn2 = new BatchNorm2d(vars.scope('bn2'), planes, { zeroInit });
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return tf.relu(this.convolutions(x, options));
  }

  protected convolutions(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const y = tf.relu(this.bn1.forward(this.conv1.forward(x), options));
    return this.bn2.forward(this.conv2.forward(y), options);
  }
}

/** The residual block of ResNet-18 and -34: `relu(F(x) + shortcut(x))`. @see He et al. 2015, equation 2 */
export class BasicBlock extends PlainBasicBlock {
  readonly shortcut: Shortcut;

  constructor(vars: VarScope, options: BlockOptions) {
    super(vars, options);
    const { inChannels, planes: outChannels, stride = 1, shortcut = projectionShortcut } = options;
    this.shortcut = makeShortcut(shortcut, vars, { inChannels, outChannels, stride });
  }

  override forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return tf.relu(tf.add(this.convolutions(x, options), this.shortcut(x, options)));
  }
}
