import { joinElements } from './binary-data.ts';
import type { OutputTensor } from './tensor.ts';

/** The answer to an inference request. */
export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  /** The request's, where it had one. */
  readonly id: string | undefined;
  readonly outputs: readonly OutputTensor[];
}

/** An answer's body, and what its headers say of it. */
export interface EncodedResponse {
  readonly contentType: 'application/json' | 'application/octet-stream';
  /** Bytes of JSON before the tensors' own; `undefined` where JSON is all there is. */
  readonly headerBytes: number | undefined;
  readonly body: Buffer;
}

/** Writes JSON, and behind it the bytes of the outputs that are wanted as binary data, in their order. */
export function encodeInferResponse({ modelName, modelVersion, id, outputs }: InferResponse): EncodedResponse {
  const parts: Uint8Array[] = [];
  const described = outputs.map((output) => {
    const { name, shape, datatype } = output;
    if (!output.isBinary) return { name, shape, datatype, data: jsonOf(output) };
    const bytes = bytesOf(output);
    parts.push(bytes);
    return { name, shape, datatype, parameters: { binary_data_size: bytes.length } };
  });
  const head = { model_name: modelName, model_version: modelVersion, ...(id !== undefined && { id }) };
  const json = Buffer.from(JSON.stringify({ ...head, outputs: described }));
  if (parts.length === 0) return { contentType: 'application/json', headerBytes: undefined, body: json };
  const body = Buffer.concat([json, ...parts]);
  return { contentType: 'application/octet-stream', headerBytes: json.length, body };
}

/** Row-major, little-endian; elements of BYTES behind their lengths. */
export function bytesOf(output: OutputTensor): Uint8Array {
  if (output.datatype === 'BYTES') return joinElements(output.data.map((text) => new TextEncoder().encode(text)));
  return new Uint8Array(output.data.buffer, output.data.byteOffset, output.data.byteLength);
}

function jsonOf(output: OutputTensor): readonly (number | string | null)[] {
  // JSON has neither NaN nor infinities; `null` is what `JSON.stringify` makes of them too.
  return output.datatype === 'BYTES' ? output.data : Array.from(output.data);
}
