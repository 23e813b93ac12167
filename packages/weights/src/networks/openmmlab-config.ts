import type { HintedNetwork, MutableHints } from './network-hints.ts';
import { setNormalisation } from './set-normalisation.ts';

/**
 * mmpretrain's and mmdetection's configuration, which a file keeps as Python text.
 *
 * @returns Whether pictures are BGR.
 */
export function readOpenMmLabConfig(
  text: string,
  { isBottleneck }: HintedNetwork,
  hints: MutableHints,
  notes: string[],
): boolean {
  const backbone = /backbone\s*=\s*dict\(|'?backbone'?\s*:\s*\{/.exec(text);
  if (backbone === null) return false;
  const config = text.slice(backbone.index, backbone.index + 2000);
  const entry = (key: string, value: string) => new RegExp(`\\b${key}'?\\s*[=:]\\s*${value}`).exec(config)?.[1];
  const type = entry('type', `'(\\w+)'`);
  const depth = entry('depth', '(\\d+)');
  if (type !== undefined && /^ResNet(V1[bcd])?$/.test(type) && depth !== undefined) {
    hints.model ??= `resnet${depth}${/[cd]$/.exec(type)?.[0] ?? ''}`;
  }
  if (isBottleneck && entry('style', `'(\\w+)'`) === 'caffe') {
    hints.strideIn = '1x1';
    notes.push("the configuration says style='caffe': a stage's stride is in the 1x1 convolution");
  }
  const strides = /\bstrides'?\s*[=:]\s*[([]\s*([\d,\s]+)/.exec(config)?.[1]?.split(',').map(Number);
  const product = strides?.slice(0, 4).reduce((stride, factor) => stride * (factor || 1), 4);
  if (product === 8 || product === 16) {
    hints.outputStride = product;
    notes.push(`the configuration says strides ${strides!.join(', ')}: output stride ${product}`);
  }
  return readPictureConfig(text, hints, notes);
}

/** What a configuration of OpenMMLab says of pictures, which it reads as BGR and may turn. */
function readPictureConfig(text: string, hints: MutableHints, notes: string[]): boolean {
  const numbers = (key: string) => {
    const list = new RegExp(`\\b${key}'?\\s*[=:]\\s*[([]([\\d.,\\s]{5,80})[)\\]]`).exec(text)?.[1];
    return list?.split(',').map(Number).slice(0, 3);
  };
  const [mean, std] = [numbers('mean'), numbers('std')];
  const isBgr = /\b(?:to_rgb|bgr_to_rgb)'?\s*[=:]\s*False/.test(text);
  if (mean?.length !== 3 || std?.length !== 3 || ![...mean, ...std].every((value) => value > 0)) return isBgr;
  setNormalisation(hints, isBgr ? mean.reverse() : mean, isBgr ? std.reverse() : std);
  notes.push(`the configuration says how pictures are normalised${isBgr ? ', and that they are BGR' : ''}`);
  return isBgr;
}
