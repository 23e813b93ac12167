import type { PixelImage } from '@residual/vision';
import { describe } from '../protocol/json-fields.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { InferRequest, Tensor } from '../protocol/tensor.ts';

/** What a request gives: prepared tensors, pictures in pixels, or pictures' files; of one kind alone. */
export type ModelInput =
  | { readonly kind: 'prepared'; readonly items: readonly Float32Array[] }
  | { readonly kind: 'pixels'; readonly items: readonly PixelImage[] }
  | { readonly kind: 'file'; readonly items: readonly Uint8Array[] };

/** Edge and channels of a network's prepared pictures. */
export interface PreparedSize {
  readonly edgePx: number;
  readonly channels: number;
}

/** A tensor of a model's metadata; -1 stands for any size. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** The inputs that a model declares; a request gives one of them. */
export function inputMetadata({ edgePx, channels }: PreparedSize): readonly TensorMetadata[] {
  const pictures =
    channels === 2 || channels > 3
      ? []
      : [
          { name: 'pixels', datatype: 'UINT8', shape: [-1, -1, -1, 3] },
          { name: 'image', datatype: 'BYTES', shape: [-1] },
        ];
  return [{ name: 'input', datatype: 'FP32', shape: [-1, edgePx, edgePx, channels] }, ...pictures];
}

/** Pictures of a request, before any is looked at. */
export function countPictures({ inputs }: InferRequest): number {
  return inputs[0]?.shape[0] ?? 0;
}

/** @throws ProtocolError with status 400 where the request's tensors are none of the model's inputs. */
export function readModelInput({ inputs }: InferRequest, size: PreparedSize): ModelInput {
  const known = inputMetadata(size).map(({ name }) => name);
  const [tensor] = inputs;
  if (inputs.length !== 1 || tensor === undefined || !known.includes(tensor.name)) {
    const got = inputs
      .map(({ name }) => describe(name))
      .join(', ')
      .slice(0, 200);
    throw new ProtocolError(400, `inputs: expected one of ${known.join(', ')}, got ${got}`);
  }
  if (isPrepared(tensor)) return prepared(tensor, size);
  return tensor.name === 'pixels' ? pixels(tensor) : files(tensor);
}

/**
 * Whether the tensor is of prepared pictures: the input of this name, or the input `image` of the network's own exports,
 * so that a request for one that Triton serves is answered too.
 */
export function isPrepared({ name, datatype }: Tensor): boolean {
  return name === 'input' || (name === 'image' && (datatype === 'FP32' || datatype === 'FP16'));
}

function prepared(tensor: Tensor, { edgePx, channels }: PreparedSize): ModelInput {
  const [count = 0, ...rest] = tensor.shape;
  const expected = tensor.name === 'image' ? [channels, edgePx, edgePx] : [edgePx, edgePx, channels];
  if (tensor.datatype !== 'FP32' && tensor.datatype !== 'FP16') throw wrongType(tensor, 'FP32 or FP16');
  if (rest.join() !== expected.join()) throw wrongShape(tensor, `[n, ${expected.join(', ')}]`);
  const items = rows(tensor.data, count);
  return {
    kind: 'prepared',
    items: tensor.name === 'image' ? items.map((item) => channelsLast(item, channels)) : items,
  };
}

/** CHW as HWC. */
function channelsLast(picture: Float32Array, channels: number): Float32Array {
  const pixels = picture.length / channels;
  return picture.map((_, at) => picture[(at % channels) * pixels + Math.floor(at / channels)]!);
}

function pixels(tensor: Tensor): ModelInput {
  const [count = 0, height = 0, width = 0, channels] = tensor.shape;
  if (tensor.datatype !== 'UINT8') throw wrongType(tensor, 'UINT8');
  if (tensor.shape.length !== 4 || channels !== 3) throw wrongShape(tensor, '[n, height, width, 3]');
  return { kind: 'pixels', items: rows(tensor.data, count).map((data) => ({ width, height, channels: 3, data })) };
}

function files(tensor: Tensor): ModelInput {
  if (tensor.datatype !== 'BYTES') throw wrongType(tensor, 'BYTES');
  const [, one = 1] = tensor.shape;
  if (tensor.shape.length > 2 || one !== 1) throw wrongShape(tensor, '[n] or [n, 1]');
  return { kind: 'file', items: tensor.data };
}

function rows<Data extends Float32Array | Uint8Array>(data: Data, count: number): Data[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, row) => data.subarray(row * size, (row + 1) * size) as Data);
}

function wrongType({ name, datatype }: Tensor, expected: string): ProtocolError {
  return new ProtocolError(400, `input '${name}': expected datatype ${expected}, got ${datatype}`);
}

function wrongShape({ name, shape }: Tensor, expected: string): ProtocolError {
  return new ProtocolError(400, `input '${name}': expected shape ${expected}, got [${shape.join(', ')}]`);
}
