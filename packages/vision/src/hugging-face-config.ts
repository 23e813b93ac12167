import type { TimmConfig } from './preset-from-timm.ts';

/** The preprocessing fields of a Hugging Face `preprocessor_config.json`. */
export interface HuggingFaceConfig {
  /** The processor's class. Without one it is the one that transformers takes for a ResNet, ConvNext's. */
  readonly image_processor_type?: string | null;
  /** What it was called before. */
  readonly feature_extractor_type?: string | null;
  readonly do_resize?: boolean | null;
  readonly size?: number | readonly number[] | HuggingFaceSize | null;
  readonly do_center_crop?: boolean | null;
  readonly crop_size?: number | readonly number[] | HuggingFaceSize | null;
  readonly crop_pct?: number | null;
  /** PIL's number of the filter: 2 bilinear, 3 bicubic. */
  readonly resample?: number | null;
  readonly do_rescale?: boolean | null;
  readonly rescale_factor?: number | null;
  readonly do_normalize?: boolean | null;
  readonly image_mean?: number | readonly number[] | null;
  readonly image_std?: number | readonly number[] | null;
  /** Of a `TimmWrapperImageProcessor`. */
  readonly pretrained_cfg?: TimmConfig | null;
}

/** A length of the shorter edge, or of both. */
export interface HuggingFaceSize {
  readonly shortest_edge?: number;
  readonly height?: number;
  readonly width?: number;
}
