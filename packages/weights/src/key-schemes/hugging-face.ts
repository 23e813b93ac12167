import type { KeyScheme } from './key-scheme.ts';

/**
 * Hugging Face's `microsoft/resnet-*`, with the classifier (`resnet.encoder…`) or without (`encoder…`).
 *
 * @see transformers/models/resnet/modeling_resnet.py
 */
export function huggingFaceScheme(): KeyScheme {
  return {
    name: 'huggingface',
    matches: (keys) =>
      keys.has('resnet.embedder.embedder.convolution.weight') || keys.has('embedder.embedder.convolution.weight'),
    toTorchvision: (key) => {
      const path = key.startsWith('resnet.') ? key.slice('resnet.'.length) : key;
      const stem = /^embedder\.embedder\.(convolution|normalization)\.(\w+)$/.exec(path);
      if (stem !== null) return `${stem[1] === 'convolution' ? 'conv1' : 'bn1'}.${stem[2]}`;
      const head = /^classifier\.1\.(weight|bias)$/.exec(path);
      if (head !== null) return `fc.${head[1]}`;
      const inBlock =
        /^encoder\.stages\.(\d+)\.layers\.(\d+)\.(shortcut|layer\.(\d+))\.(convolution|normalization)\.(\w+)$/.exec(
          path,
        );
      if (inBlock === null) return undefined;
      const [, stage, block, part, index, kind, parameter] = inBlock;
      const isConvolution = kind === 'convolution';
      const layer =
        part === 'shortcut'
          ? `downsample.${isConvolution ? 0 : 1}`
          : `${isConvolution ? 'conv' : 'bn'}${Number(index) + 1}`;
      return `layer${Number(stage) + 1}.${block}.${layer}.${parameter}`;
    },
  };
}
