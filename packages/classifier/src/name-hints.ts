import type { NetworkOptions } from './network-options.ts';

/** What the name of a file says of the network in it. */
export interface NameHints {
  /** The file, and the folder that it is in. */
  readonly name: string;
  readonly network: NetworkOptions;
  /** For people. */
  readonly notes: readonly string[];
}

/**
 * What people put into a file's name because its tensors do not tell: that a net is Caffe's, whose stride is in the 1×1
 * convolution, or the output stride of a dilated one. What is `given` is not asked of the name.
 */
export function nameHints(source: string, given: NetworkOptions = {}): NameHints {
  const name = source.split(/[\\/]/).slice(-2).join('/');
  const isCaffe = given.strideIn === undefined && /(?<![a-z])caffe2?(?![a-z])/i.test(name);
  const found = Number(/(?<![a-z])(?:os|output_?stride)[_-]?(8|16)(?!\d)/i.exec(name)?.[1]) as 8 | 16;
  const outputStride = given.outputStride === undefined && found;
  const said = `${source}: its name says`;
  return {
    name,
    network: { ...(isCaffe && { strideIn: '1x1' }), ...(outputStride && { outputStride }) },
    notes: [
      ...(isCaffe
        ? [`${said} Caffe: bottlenecks' stride is taken to be in the 1×1 convolution (option strideIn)`]
        : []),
      ...(outputStride
        ? [`${said} output stride ${outputStride}: the last stages are dilated (option outputStride)`]
        : []),
    ],
  };
}
