import type { ConstantData, GraphDtype } from '@residual/compile';

/** A tensor handed to the thread that TensorFlow runs on. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly dtype: GraphDtype;
  readonly data: ConstantData;
}

/** What the thread is asked for, by kind. */
export interface SessionRequests {
  /** Loads TensorFlow and answers with its version. */
  open: { readonly request: object; readonly result: string };
  /** Keeps a tensor and answers with its number. */
  keep: { readonly request: HostTensor; readonly result: number };
  /** Loads a SavedModel; `weights` are kept tensors, by the names of those they are fed to in each run. */
  load: {
    readonly request: { readonly folder: string; readonly weights: readonly (readonly [string, number])[] };
    readonly result: number;
  };
  run: {
    readonly request: {
      readonly session: number;
      readonly inputs: readonly (readonly [string, HostTensor])[];
      readonly outputs: readonly string[];
    };
    readonly result: ConstantData[];
  };
  /** Frees a session, or a kept tensor. */
  free: { readonly request: { readonly session?: number; readonly tensor?: number }; readonly result: undefined };
}

export type RequestKind = keyof SessionRequests;

export interface RequestMessage<Kind extends RequestKind = RequestKind> {
  readonly id: number;
  readonly kind: Kind;
  readonly request: SessionRequests[Kind]['request'];
}

export type ReplyMessage = { readonly id: number } & (
  | { readonly result: SessionRequests[RequestKind]['result'] }
  | { readonly error: string }
);
