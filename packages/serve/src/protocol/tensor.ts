/**
 * The protocol's tensor datatypes that pictures and answers are made of.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md#tensor-data-types
 */
export const datatypes = ['UINT8', 'FP16', 'FP32', 'BYTES'] as const;

export type Datatype = (typeof datatypes)[number];

/** Bytes of an element; those of `BYTES` differ from element to element. */
export const elementBytes: Readonly<Record<Exclude<Datatype, 'BYTES'>, number>> = { UINT8: 1, FP16: 2, FP32: 4 };

/** A tensor of a request; row-major. FP16 is read into float32. */
export type Tensor = { readonly name: string; readonly shape: readonly number[] } & (
  | { readonly datatype: 'UINT8'; readonly data: Uint8Array }
  | { readonly datatype: 'FP16' | 'FP32'; readonly data: Float32Array }
  | { readonly datatype: 'BYTES'; readonly data: readonly Uint8Array[] }
);

/** A tensor of an answer. */
export type OutputTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether its bytes come behind the JSON. */
  readonly isBinary: boolean;
} & (
  | { readonly datatype: 'FP32'; readonly data: Float32Array }
  | { readonly datatype: 'BYTES'; readonly data: readonly string[] }
);

/** An output that a request wants. */
export interface RequestedOutput {
  readonly name: string;
  /** Bytes behind the JSON instead of numbers in it: the binary tensor data extension. None: as the request prefers. */
  readonly isBinary: boolean | undefined;
  /** So many classes as `score:index:label` instead of the numbers: the classification extension. */
  readonly classes: number | undefined;
}

/** An inference request, whatever it came by. */
export interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: readonly Tensor[];
  /** In the order asked for; none where the request leaves the choice to the model. */
  readonly outputs: readonly RequestedOutput[] | undefined;
  /** Whether outputs that are not named one by one are binary. */
  readonly prefersBinary: boolean;
  /** Milliseconds that the request may take, where it says so. */
  readonly timeoutMs: number | undefined;
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
