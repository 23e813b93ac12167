import { asArray, asObject, asOptionalString, asText, describe, parseJson } from './json-fields.ts';
import { ProtocolError } from './protocol-error.ts';
import { readClasses, readTimeout } from './read-parameters.ts';
import { fromBytes, fromList, readHead } from './read-tensor.ts';
import type { InferRequest, RequestedOutput, Tensor } from './tensor.ts';

/**
 * Reads the body of `POST /v2/models/NAME/infer`: JSON alone, or JSON of `headerBytes` with the tensors' bytes behind it (the
 * binary tensor data extension). Nothing is allocated that the body does not hold.
 *
 * @param headerBytes The request's `Inference-Header-Content-Length`.
 * @throws ProtocolError with status 400: a line that names the field, what was expected and what is there.
 */
export function readInferRequest(body: Uint8Array, headerBytes?: string): InferRequest {
  const length = headerBytes === undefined ? body.length : headerLength(headerBytes, body.length);
  const request = asObject('the request', parseJson(body.subarray(0, length)));
  const binary = new BinaryPart(body.subarray(length));
  const parameters = asObject('parameters', request['parameters'] ?? {});
  const inputs = asArray('inputs', request['inputs']);
  if (inputs.length === 0) throw new ProtocolError(400, 'inputs: expected one tensor at least, got none');
  const tensors = inputs.map((input, index) => readTensor(`inputs[${index}]`, input, binary));
  binary.checkAllRead();
  const outputs = request['outputs'];
  return {
    id: asOptionalString('id', request['id']),
    inputs: tensors,
    outputs:
      outputs === undefined ? undefined : asArray('outputs', outputs).map((output, index) => readOutput(index, output)),
    prefersBinary: parameters['binary_data_output'] === true,
    timeoutMs: readTimeout(parameters['timeout']),
  };
}

function headerLength(text: string, most: number): number {
  const length = Number(text);
  if (/^\d+$/.test(text) && length <= most) return length;
  const expected = `expected a number of bytes up to the body's ${most}`;
  throw new ProtocolError(400, `Inference-Header-Content-Length: ${expected}, got ${describe(text)}`);
}

function readTensor(place: string, value: unknown, binary: BinaryPart): Tensor {
  const tensor = asObject(place, value);
  const head = readHead(place, tensor['name'], tensor['datatype'], asArray(`${place}.shape`, tensor['shape']));
  const size = asObject(`${place}.parameters`, tensor['parameters'] ?? {})['binary_data_size'];
  if (size === undefined) return fromList(`${place}.data`, head, flatten(`${place}.data`, tensor['data']));
  if (tensor['data'] !== undefined)
    throw new ProtocolError(400, `${place}: expected data or binary_data_size, got both`);
  return fromBytes(`${place}.parameters.binary_data_size`, head, binary.take(place, size));
}

function readOutput(index: number, value: unknown): RequestedOutput {
  const place = `outputs[${index}]`;
  const output = asObject(place, value);
  const parameters = asObject(`${place}.parameters`, output['parameters'] ?? {});
  return {
    name: asText(`${place}.name`, output['name']),
    isBinary: typeof parameters['binary_data'] === 'boolean' ? parameters['binary_data'] : undefined,
    classes: readClasses(place, parameters['classification']),
  };
}

/** Data may be nested as its shape is, or flat. */
function flatten(place: string, value: unknown): unknown[] {
  const flat: unknown[] = [];
  const waiting: { list: readonly unknown[]; next: number }[] = [{ list: asArray(place, value), next: 0 }];
  for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
    if (top.next === top.list.length) {
      waiting.pop();
      continue;
    }
    const element = top.list[top.next++];
    if (Array.isArray(element)) waiting.push({ list: element, next: 0 });
    else flat.push(element);
  }
  return flat;
}

/** The bytes behind the JSON, which the inputs take in their order. */
class BinaryPart {
  readonly #bytes: Uint8Array;
  #read = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(place: string, size: unknown): Uint8Array {
    const left = this.#bytes.length - this.#read;
    if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > left) {
      const text = `expected a size up to the ${left} bytes that are left behind the JSON, got ${describe(size)}`;
      throw new ProtocolError(400, `${place}.parameters.binary_data_size: ${text}`);
    }
    const start = this.#read;
    this.#read += size as number;
    return this.#bytes.subarray(start, this.#read);
  }

  checkAllRead(): void {
    const left = this.#bytes.length - this.#read;
    if (left > 0)
      throw new ProtocolError(400, `the body: expected the inputs' bytes alone behind the JSON, got ${left} more`);
  }
}
