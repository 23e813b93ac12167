import type { GpuReport } from '@residual/backend-webgpu/report';
import type { FollowedFrame } from '@residual/backend-webgpu/runtime';
import type { FeatureMap } from '@residual/classifier';
import type { Explanation } from '@residual/classifier/explain';
import type { PassedOverEngine } from '@residual/compile';
import type { MapEndpoint } from '@residual/resnet';
import type { Prediction } from '@residual/vision';

/** Who computes: Residual's plan and kernels, or the same graph on tfjs. */
export type EngineName = 'webgpu' | 'wasm' | 'tfjs-webgpu' | 'tfjs-wasm';

/** What can be under way. */
export type Step =
  | 'start'
  | 'read'
  | 'download'
  | 'build'
  | 'compile'
  | 'decode'
  | 'run'
  | 'firstRun'
  | 'explain'
  | 'measure';

/** What is under way, and with which file or model; `fraction` where it is known how much is done. */
export interface Progress {
  readonly step: Step;
  readonly subject?: string;
  readonly fraction?: number;
}

/** What went wrong, in one line, and what can be done about it. */
export interface Problem {
  readonly message: string;
  /** The model that the weights fit. */
  readonly suggestedModel?: string | undefined;
  /** Whether the worker is gone, and another may do. */
  readonly endedWorker?: boolean;
  /** Whether a person wanted it to end. */
  readonly isCancelled?: boolean;
}

export interface ModelFamily {
  readonly title: string;
  readonly names: readonly string[];
}

export interface Started {
  readonly engine: EngineName;
  /** Those before it, and why they do not serve. */
  readonly passedOver: readonly PassedOverEngine[];
  readonly families: readonly ModelFamily[];
  /** Of the catalogue; ids are such as `resnet50/IMAGENET1K_V2`. */
  readonly published: readonly { readonly id: string; readonly sizeMiB: number }[];
}

/** Where weights are: in the page, in a file, in the catalogue, or at an address (`https:`, `hf:owner/name`). */
export type WeightsChoice =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'published'; readonly id: string }
  | { readonly kind: 'address'; readonly address: string };

export interface LoadedModel {
  readonly model: string;
  /** Whether the weights told, rather than the user. */
  readonly recognised: boolean;
  /** What the weights are called. */
  readonly source: string;
  readonly format: string | undefined;
  readonly parameterCount: number;
  /** Names of the classes. */
  readonly labels: readonly string[];
  /** Endpoints that are maps: `act1` if the stem pools, `stem`, `layer1`, …. */
  readonly layers: readonly MapEndpoint[];
  readonly cropPx: number;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly engine: { readonly name: string; readonly device: string; readonly passedOver: readonly PassedOverEngine[] };
  /** From weights in memory to a network that is ready. */
  readonly buildMs: number;
}

export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** The EXIF orientation by which it was turned upright; 1 where it was not. */
  readonly orientation: number;
}

export interface Answer {
  readonly predictions: readonly Prediction[];
  /** Of the network. */
  readonly forwardMs: number;
  /** Of decoding's result to the network's input; undefined where `forwardMs` has that in it. */
  readonly prepareMs: number | undefined;
  /** Whether this model ran for the first time, which includes compiling what is not compiled yet. */
  readonly isFirstRun: boolean;
}

/** What one of several pictures is, or why it is not known. */
export type ListedAnswer =
  | {
      readonly prediction: Prediction;
      /** Its decoding and resizing, and its part of the batch that it went through the network with. */
      readonly ms: number;
    }
  | { readonly problem: Problem };

/** A part of the network: the stem, a block or the head. */
export interface NetworkPart {
  /** `stem`, `layer1.0`, …, `fc`. */
  readonly name: string;
  readonly layers: readonly { readonly name: string; readonly op: string }[];
  /** Of what it puts out, without the batch. */
  readonly shape: readonly number[];
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/** Where the time of a run of the network goes. */
export interface PartTimes {
  /** Milliseconds by the part's name, medians. */
  readonly times: Readonly<Record<string, number>>;
  /** How the engine timed them, where that is not its best way. */
  readonly note?: string;
}

/** What an engine takes for the picture. */
export interface Measurement {
  readonly firstMs: number;
  /** Median of the runs after the first. */
  readonly warmMs: number;
  /** What the engine holds: on a GPU all buffers, else the weights as it keeps them. */
  readonly memoryBytes: number;
  /** Of one run; undefined without a GPU. */
  readonly dispatches: number | undefined;
  readonly logits: Float32Array;
}

/** Of several pictures, those that go through the network at once. */
export const BATCH_SIZE = 8;

/** What the worker can be asked for: argument and result of each request. */
export interface Requests {
  start: { argument: readonly EngineName[]; result: Started };
  load: { argument: { weights: WeightsChoice; model: string | undefined }; result: LoadedModel };
  decode: { argument: Blob; result: DecodedPicture };
  classify: { argument: undefined; result: Answer };
  /** Up to {@link BATCH_SIZE} pictures, which are not kept, together. */
  classifyBatch: { argument: readonly Blob[]; result: readonly ListedAnswer[] };
  /** A camera's frame, which is not kept. */
  frame: { argument: FollowedFrame; result: Answer };
  explain: { argument: { target: number | undefined; layer: MapEndpoint }; result: Explanation };
  features: { argument: MapEndpoint; result: FeatureMap };
  parts: { argument: undefined; result: readonly NetworkPart[] };
  /** On the engine that serves. */
  partTimes: { argument: undefined; result: PartTimes };
  measure: { argument: { runs: number }; result: Measurement };
  /** Of the model that is loaded, on WebGPU, whichever engine serves; with what the engines took that were compared. */
  gpuReport: {
    argument: { readonly pictures: readonly Blob[]; readonly engines: GpuReport['engines'] };
    result: GpuReport;
  };
}

export type RequestName = keyof Requests;

export type RequestMessage =
  | { readonly id: number; readonly name: RequestName; readonly argument: unknown }
  | { readonly id: number; readonly isCancelled: true };

export type ReplyMessage =
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly problem: Problem };

/** What a handler is given beside its argument. */
export interface Handling {
  report(progress: Progress): void;
  readonly signal: AbortSignal;
}

/** The handlers of all requests, as the worker has them. */
export type Handlers = {
  readonly [Name in RequestName]: (
    argument: Requests[Name]['argument'],
    handling: Handling,
  ) => Promise<Requests[Name]['result']>;
};
