import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm2d } from './batch-norm2d.ts';
import type { Block, BlockOptions } from './block.ts';
import { Conv2d } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { makeShortcut, projectionShortcut, type Shortcut } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/** 1×1, 3×3 and 1×1 convolutions with nothing around them. The stride is on the 3×3, as in torchvision ("V1.5"). */
export class PlainBottleneck implements Block {
  static readonly expansion: number = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;

  constructor(vars: VarScope, options: BlockOptions) {
    const { inChannels, planes, stride = 1, groups = 1, widthPerGroup = 64, zeroInit = false } = options;
    const dilation = options.firstDilation ?? options.dilation ?? 1;
    const width = Math.floor((planes * widthPerGroup) / 64) * groups;
    const outChannels = planes * 4;
    this.conv1 = new Conv2d(vars.scope('conv1'), { inChannels, outChannels: width, kernelSize: 1 });
    this.bn1 = new BatchNorm2d(vars.scope('bn1'), width);
    const conv2 = { inChannels: width, outChannels: width, kernelSize: 3, stride, dilation, groups };
    this.conv2 = new Conv2d(vars.scope('conv2'), conv2);
    this.bn2 = new BatchNorm2d(vars.scope('bn2'), width);
    this.conv3 = new Conv2d(vars.scope('conv3'), { inChannels: width, outChannels, kernelSize: 1 });
    this.bn3 = new BatchNorm2d(vars.scope('bn3'), outChannels, { zeroInit });
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return tf.relu(this.convolutions(x, options));
  }

  protected convolutions(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const narrow = tf.relu(this.bn1.forward(this.conv1.forward(x), options)); // [N, H, W, width]
    const y = tf.relu(this.bn2.forward(this.conv2.forward(narrow), options)); // [N, H', W', width]
    return this.bn3.forward(this.conv3.forward(y), options); // [N, H', W', planes * 4]
  }
}

/** The residual block of ResNet-50 and deeper, of ResNeXt and of Wide ResNet. @see He et al. 2015, figure 5 right */
export class Bottleneck extends PlainBottleneck {
  readonly shortcut: Shortcut;

  constructor(vars: VarScope, options: BlockOptions) {
    super(vars, options);
    const { inChannels, planes, stride = 1, shortcut = projectionShortcut } = options;
    this.shortcut = makeShortcut(shortcut, vars, { inChannels, outChannels: planes * 4, stride });
  }

  override forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return tf.relu(tf.add(this.convolutions(x, options), this.shortcut(x, options)));
  }
}
