import type { TfjsBackendChoice } from '@residual/compile';
import type { Prediction } from '@residual/vision';

/** Where to compute: the first that can run, or one alone. */
export type DeviceName = 'tfjs-webgpu' | 'tfjs-wasm';

/** What can be under way. */
export type Step = 'start' | 'read' | 'build' | 'decode' | 'run' | 'firstRun';

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
}

export interface ModelFamily {
  readonly title: string;
  readonly names: readonly string[];
}

export interface Started {
  readonly device: TfjsBackendChoice;
  readonly families: readonly ModelFamily[];
}

export interface LoadedModel {
  readonly model: string;
  /** Whether the file told, rather than the user. */
  readonly recognised: boolean;
  readonly file: string;
  readonly format: string;
  readonly tensorCount: number;
  readonly parameterCount: number;
  readonly classCount: number;
  readonly cropPx: number;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
}

export interface Answer {
  readonly predictions: readonly Prediction[];
  /** Of the network alone, without decoding and resizing. */
  readonly forwardMs: number;
  /** Of decoding's result to the network's input. */
  readonly prepareMs: number;
  /** Whether this model ran for the first time, which includes compiling. */
  readonly isFirstRun: boolean;
}

/** What the worker can be asked for: argument and result of each request. */
export interface Requests {
  start: { argument: readonly DeviceName[]; result: Started };
  load: { argument: { file: File; model: string | undefined }; result: LoadedModel };
  decode: { argument: Blob; result: DecodedPicture };
  classify: { argument: undefined; result: Answer };
}

export type RequestName = keyof Requests;

export interface RequestMessage {
  readonly id: number;
  readonly name: RequestName;
  readonly argument: unknown;
}

export type ReplyMessage =
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly problem: Problem };

/** The handlers of all requests, as the worker has them. */
export type Handlers = {
  readonly [Name in RequestName]: (
    argument: Requests[Name]['argument'],
    report: (progress: Progress) => void,
  ) => Promise<Requests[Name]['result']>;
};
