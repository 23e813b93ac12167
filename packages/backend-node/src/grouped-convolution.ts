import { Conv2D, getKernel, type KernelFunc, registerKernel } from '@tensorflow/tfjs-core';

/** The kernel that `@residual/blocks` runs where it is registered; elsewhere it convolves the groups one by one. */
const GROUPED_CONV_2D = 'GroupedConv2D';

/**
 * TensorFlow's own convolution takes grouped filters (`[h, w, in / groups, out]`); only tfjs-core's `conv2d` refuses
 * them before it asks.
 */
export function registerGroupedConvolution(): void {
  if (getKernel(GROUPED_CONV_2D, 'tensorflow')) return;
  const { kernelFunc } = getKernel(Conv2D, 'tensorflow')!;
  const grouped: KernelFunc = ({ inputs, attrs, backend }) =>
    kernelFunc({ inputs, backend, attrs: { ...attrs, dataFormat: 'NHWC' } });
  registerKernel({ kernelName: GROUPED_CONV_2D, backendName: 'tensorflow', kernelFunc: grouped });
}
