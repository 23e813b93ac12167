import { backend_util } from '@tensorflow/tfjs-core';
import type { Attributes } from '../graph.ts';
import { TraceError } from '../trace/trace-error.ts';
import type { TfjsAttributes } from './kernel-rule.ts';

type Pair = readonly [number, number];

/** How a window moves over an image. */
export interface Window {
  readonly strides: Pair;
  /** Rows above and below, columns left and right. */
  readonly pad: readonly [Pair, Pair];
  readonly dilations: Pair;
}

export type TfjsPad = 'valid' | 'same' | [Pair, Pair, Pair, Pair];

/** The window that tfjs's attributes mean on an NHWC image, and the height and width it leaves. */
export function windowFrom(
  imageShape: readonly number[],
  sizePx: Pair,
  { strides, pad, dilations, dimRoundingMode, dataFormat }: TfjsAttributes,
): { window: Window; outHeight: number; outWidth: number } {
  if (dataFormat === 'NCHW') {
    throw new TraceError("convolution: expected dataFormat 'NHWC', got 'NCHW'; transpose the image to [N, H, W, C]");
  }
  const info = backend_util.computeConv2DInfo(
    imageShape as [number, number, number, number],
    [sizePx[0], sizePx[1], 1, 1],
    strides as Pair as [number, number],
    (dilations ?? 1) as number,
    pad as 'valid',
    dimRoundingMode as 'floor',
  );
  const { top, left, bottom, right } = info.padInfo;
  const height = farPad(info.inHeight, info.outHeight, info.strideHeight, info.effectiveFilterHeight, top, bottom);
  const width = farPad(info.inWidth, info.outWidth, info.strideWidth, info.effectiveFilterWidth, left, right);
  return {
    window: {
      strides: [info.strideHeight, info.strideWidth],
      pad: [
        [top, height],
        [left, width],
      ],
      dilations: [info.dilationHeight, info.dilationWidth],
    },
    outHeight: info.outHeight,
    outWidth: info.outWidth,
  };
}

/**
 * The padding at the far end with which the window takes `outPx` steps: where tfjs rounds up it reaches beyond what was
 * asked for, and where a number pads a window that is not square tfjs takes its height for its width.
 */
function farPad(
  inPx: number,
  outPx: number,
  stride: number,
  windowPx: number,
  nearPx: number,
  askedPx: number,
): number {
  const least = (outPx - 1) * stride + windowPx - inPx - nearPx;
  return Math.max(least, Math.min(askedPx, least + stride - 1));
}

export function windowOf(attributes: Attributes): Window {
  return {
    strides: attributes['strides'] as Pair,
    pad: attributes['pad'] as unknown as [Pair, Pair],
    dilations: (attributes['dilations'] ?? [1, 1]) as Pair,
  };
}

/** The window's padding as tfjs spells it; `valid` and `same` where they mean it, since not every kernel takes others. */
export function tfjsPad(imageShape: readonly number[], sizePx: Pair, window: Window): TfjsPad {
  const [[top, bottom], [left, right]] = window.pad;
  if (top === 0 && bottom === 0 && left === 0 && right === 0) return 'valid';
  const same = windowFrom(imageShape, sizePx, { ...window, pad: 'same' }).window.pad;
  if (same.flat().every((px, index) => px === [top, bottom, left, right][index])) return 'same';
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}
