/** Number formats that an engine may compute in; `fp32` is everybody's. */
export type Precision = 'fp32' | 'fp16' | 'bf16' | 'int8';

/** One way to compute: a row of the report, or one of the variants of which the row takes the fastest. */
export interface Candidate {
  /** A name of `runners`. */
  readonly engine: string;
  readonly precision: Precision;
  readonly batch: number;
  /** Tells apart variants that share a row, e.g. `allow_spinning off`. */
  readonly variant?: string;
}

/** ONNX Runtime whose threads spin while they wait. */
export const AS_IT_COMES = 'as it comes';
/** ONNX Runtime whose threads sleep between operations. */
export const SPINNING_OFF = 'allow_spinning off';

/** What a process of its own needs to know to become a candidate. */
export interface Job extends Candidate {
  readonly model: string;
  readonly sizePx: number;
  readonly threads: number;
  /** Weights under torchvision's names, safetensors. */
  readonly weightsFile: string;
  /** The same model as ONNX, open batch. */
  readonly onnxFile: string;
  /** The same in int8, for a peer that has its own toolkit for that. */
  readonly int8File?: string;
  /** The same as TFLite, for a peer that reads it: for one picture, of plain ResNets. */
  readonly tfliteFile?: string;
  /** `pictures` and `calibration`, two of each of {@link makePictures}, safetensors. */
  readonly picturesFile: string;
  /** Where the engine `native` keeps packed weights, if it does. */
  readonly packedFolder?: string | undefined;
}

/** A candidate that is ready to run. */
export interface Runner {
  /** What it runs on, e.g. `avx512, 2 threads`. */
  readonly device: string;
  /** `[batch, size, size, 3]` float32 → logits `[batch, classes]`. */
  run(pictures: Float32Array): Promise<Float32Array>;
}

/**
 * Loads a library; what it returns then loads the model, so that the two are timed apart.
 *
 * Rejects where the library cannot run here, with the reason as the message.
 */
export type LoadLibrary = (job: Job) => Promise<() => Promise<Runner>>;
