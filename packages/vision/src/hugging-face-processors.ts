import type { HuggingFaceConfig, HuggingFaceSize } from './hugging-face-config.ts';
import type { Rgb } from './normalize.ts';
import type { Preset } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { edgeBeforeCrop, isLength } from './preset-fields.ts';
import { clip } from './preset-publishers.ts';
import { quote } from './quote.ts';

/** What an image processor of transformers does, and what it takes where its configuration is silent. */
export interface HuggingFaceProcessor {
  readonly size: HuggingFaceSize;
  readonly cropPx?: number;
  /** `undefined` where versions of transformers differ. */
  readonly resample?: number;
  readonly mean: Rgb;
  readonly std: Rgb;
  /** How it resizes and crops. @throws PresetError for sizes that no preset has. */
  readonly geometry: (config: HuggingFaceConfig, processor: HuggingFaceProcessor) => PresetGeometry;
}

export type PresetGeometry = Pick<Preset, 'resizePx' | 'cropPx' | 'cropMode'>;

/** Below this edge ConvNext's processor crops. */
const CONVNEXT_WARP_PX = 384;
const HALF: Rgb = [0.5, 0.5, 0.5];

const mobileNet: HuggingFaceProcessor = {
  size: { shortest_edge: 256 },
  cropPx: 224,
  resample: 2,
  mean: HALF,
  std: HALF,
  geometry: resizeAndCropGeometry,
};

const clipLike: HuggingFaceProcessor = {
  size: { shortest_edge: 224 },
  cropPx: 224,
  resample: 3,
  mean: clip.mean,
  std: clip.std,
  geometry: resizeAndCropGeometry,
};

/**
 * By the name of the class, without what says that it is one.
 *
 * @see https://github.com/huggingface/transformers/tree/main/src/transformers/models (`image_processing_*.py`)
 */
export const huggingFaceProcessors: Readonly<Record<string, HuggingFaceProcessor>> = {
  ConvNext: { size: { shortest_edge: CONVNEXT_WARP_PX }, mean: HALF, std: HALF, geometry: convNextGeometry },
  Bit: clipLike,
  CLIP: clipLike,
  ViT: { size: { height: 224, width: 224 }, resample: 2, mean: HALF, std: HALF, geometry: warpGeometry },
  DeiT: {
    size: { height: 256, width: 256 },
    cropPx: 224,
    resample: 3,
    mean: HALF,
    std: HALF,
    geometry: warpAndCropGeometry,
  },
  MobileNetV1: mobileNet,
  MobileNetV2: mobileNet,
};

/** Cropped from the shorter edge / `crop_pct`; from 384 pixels on warped to the square. */
function convNextGeometry(config: HuggingFaceConfig, { size }: HuggingFaceProcessor): PresetGeometry {
  const read = readSize('size', config.size ?? size, false);
  if (read.isSquare) throw badSize('size', '{shortest_edge: pixels}', config.size);
  const { edgePx } = read;
  checkSecondCrop(config, edgePx);
  if (edgePx >= CONVNEXT_WARP_PX) return { resizePx: edgePx, cropPx: edgePx, cropMode: 'squash' };
  const resizePx = edgeBeforeCrop(edgePx, config.crop_pct ?? 224 / 256);
  return { resizePx, cropPx: edgePx, cropMode: 'center-floor' };
}

/** Both edges resized, the aspect lost. */
function warpGeometry(config: HuggingFaceConfig, { size }: HuggingFaceProcessor): PresetGeometry {
  const edgePx = readSquare('size', config.size ?? size);
  checkSecondCrop(config, edgePx);
  return { resizePx: edgePx, cropPx: edgePx, cropMode: 'squash' };
}

/** Both edges resized, the aspect lost, and the middle of that. */
function warpAndCropGeometry(config: HuggingFaceConfig, { size, cropPx }: HuggingFaceProcessor): PresetGeometry {
  return warpAndCrop(config, readSquare('size', config.size ?? size), cropPx);
}

/** By the shorter edge, or both, and the middle of that. */
function resizeAndCropGeometry(config: HuggingFaceConfig, { size, cropPx }: HuggingFaceProcessor): PresetGeometry {
  const read = readSize('size', config.size ?? size, false);
  if (read.isSquare) return warpAndCrop(config, read.edgePx, cropPx);
  if (config.do_center_crop === false)
    throw new PresetError('do_center_crop: expected true, as the network takes squares, got false; give a preset');
  return {
    resizePx: read.edgePx,
    cropPx: readSquare('crop_size', config.crop_size ?? cropPx),
    cropMode: 'center-floor',
  };
}

function warpAndCrop(config: HuggingFaceConfig, resizePx: number, usualCropPx: number | undefined): PresetGeometry {
  if (config.do_center_crop === false) return { resizePx, cropPx: resizePx, cropMode: 'squash' };
  return { resizePx, cropPx: readSquare('crop_size', config.crop_size ?? usualCropPx), cropMode: 'squash-floor' };
}

/** A crop that this processor makes in some versions of transformers, and not in others. */
function checkSecondCrop(config: HuggingFaceConfig, edgePx: number): void {
  const isTyped = (config.image_processor_type ?? config.feature_extractor_type ?? undefined) !== undefined;
  const isAsked = config.do_center_crop ?? (!isTyped && (config.crop_size ?? undefined) !== undefined);
  if (!isAsked) return;
  const cropPx = readSquare('crop_size', config.crop_size ?? undefined);
  if (cropPx === edgePx) return;
  const problem = `expected ${edgePx} pixels, as size (versions of transformers differ about another), got ${cropPx}`;
  throw new PresetError(`crop_size: ${problem}; give a preset`);
}

/** A whole number is the shorter edge, or both where `isSquare`; a list is height and width. */
function readSize(field: string, size: unknown, isSquare: boolean): { edgePx: number; isSquare: boolean } {
  const named = typeof size === 'number' ? (isSquare ? { height: size, width: size } : { shortest_edge: size }) : size;
  const listed = Array.isArray(named) && named.length === 2 ? { height: named[0], width: named[1] } : named;
  const entries = Object.entries(listed ?? {}).filter(([, value]) => value !== null);
  const { shortest_edge: shortest, height, width, ...others } = Object.fromEntries(entries) as Record<string, unknown>;
  if (Object.keys(others).length === 0) {
    const hasEdges = height !== undefined || width !== undefined;
    if (isLength(shortest) && !hasEdges) return { edgePx: shortest, isSquare: false };
    if (shortest === undefined && isLength(height) && width === height) return { edgePx: height, isSquare: true };
  }
  throw badSize(field, '{shortest_edge: pixels} or {height, width} of a square', size);
}

function readSquare(field: string, size: unknown): number {
  const read = readSize(field, size, true);
  if (read.isSquare) return read.edgePx;
  throw badSize(field, '{height, width} of a square', size);
}

function badSize(field: string, expected: string, got: unknown): PresetError {
  return new PresetError(`${field}: expected ${expected}, got ${quote(got)}; give a preset`);
}
