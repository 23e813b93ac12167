import type { MapEndpoint } from '@residual/resnet';
import type { PixelImage, Prediction } from '@residual/vision';
import type { ReadImageOptions } from '../read-image.ts';

/**
 * `grad-cam`: channels weighted by the mean gradient of the class's logit (Selvaraju et al. 2017); `grad-cam++`: by its
 * positive part, pixel by pixel (Chattopadhay et al. 2018); `occlusion`: how much of the class's probability goes when a
 * patch of the picture is hidden (Zeiler & Fergus 2014), which is slow, needs no gradient and so checks the others.
 */
export type ExplainMethod = 'grad-cam' | 'grad-cam++' | 'occlusion';

export interface ExplainOptions<Label extends string = string> extends ReadImageOptions {
  /** The class, by name or index; default: the likeliest. */
  readonly target?: Label | number;
  /** In place of a class, a channel of the pooled features, from 0: what a network without a head is asked for. */
  readonly channel?: number;
  /** Default `grad-cam`. */
  readonly method?: ExplainMethod;
  /** The feature map that is weighed; default the last stage's. Not for `occlusion`. */
  readonly layer?: MapEndpoint;
  /** For `occlusion`: edge of the hidden square, default a fifth of the picture's; it moves by half of it. */
  readonly patchPx?: number;
}

/** A map's numbers, row by row. */
export interface Heatmap {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Where a network sees a class in a picture. */
export interface Explanation<Label extends string = string> {
  /** The class, and its probability; of a channel, called `channel 7`, its pooled value. */
  readonly target: Prediction<Label>;
  readonly method: ExplainMethod;
  /** `undefined` for `occlusion`. */
  readonly layer: MapEndpoint | undefined;
  /** As computed, nowhere negative: of the layer's size, or for `occlusion` of the picture's. */
  readonly map: Heatmap;
  /** The map over the crop, from 0 to 1, interpolated; all 0 where nothing speaks for the class. */
  readonly heatmap: Heatmap;
  /** The crop that the network sees, of the heatmap's size. */
  readonly crop: PixelImage;
}
