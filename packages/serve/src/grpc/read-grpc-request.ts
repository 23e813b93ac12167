import { describe } from '../protocol/json-fields.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { readClasses, readTimeout } from '../protocol/read-parameters.ts';
import { fromBytes, fromList, readHead, type TensorHead } from '../protocol/read-tensor.ts';
import type { Datatype, InferRequest, Tensor } from '../protocol/tensor.ts';

/** A parameter as the loader gives it: the field that is set is named. */
type Parameter = { readonly parameter_choice?: string } & Readonly<Record<string, unknown>>;
type Parameters = Readonly<Record<string, Parameter>>;
type Contents = Readonly<Record<string, readonly unknown[]>>;

/** A `ModelInferRequest` as the loader gives it. */
export interface GrpcInferRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    readonly contents: Contents | null;
  }[];
  readonly outputs: readonly { readonly name: string; readonly parameters: Parameters }[];
  readonly raw_input_contents: readonly Uint8Array[];
}

/** The field of a tensor's contents by its datatype; half floats come as raw contents alone. */
const fields: Readonly<Record<Exclude<Datatype, 'FP16'>, string>> = {
  UINT8: 'uint_contents',
  FP32: 'fp32_contents',
  BYTES: 'bytes_contents',
};

/** @throws ProtocolError with status 400: a line that names the field, what was expected and what is there. */
export function readGrpcRequest(request: GrpcInferRequest): InferRequest {
  const { inputs, outputs, raw_input_contents: raw } = request;
  if (inputs.length === 0) throw new ProtocolError(400, 'inputs: expected one tensor at least, got none');
  if (raw.length > 0 && raw.length !== inputs.length)
    throw new ProtocolError(
      400,
      `raw_input_contents: expected ${inputs.length}, one for each input, got ${raw.length}`,
    );
  return {
    id: request.id === '' ? undefined : request.id,
    inputs: inputs.map(({ name, datatype, shape, contents }, index) => {
      const head = readHead(`inputs[${index}]`, name, datatype, shape);
      if (raw.length > 0) return fromBytes(`raw_input_contents[${index}]`, head, raw[index]!);
      return fromContents(`inputs[${index}].contents`, head, contents);
    }),
    outputs:
      outputs.length === 0
        ? undefined
        : outputs.map(({ name, parameters }, index) => ({
            name,
            isBinary: true,
            classes: readClasses(`outputs[${index}]`, parameterValue(parameters['classification'])),
          })),
    prefersBinary: true,
    timeoutMs: readTimeout(parameterValue(request.parameters['timeout'])),
  };
}

function fromContents(place: string, head: TensorHead, contents: Contents | null): Tensor {
  if (head.datatype === 'FP16')
    throw new ProtocolError(400, `${place}: expected FP16 in raw_input_contents, got ${describe(contents)}`);
  const field = fields[head.datatype];
  return fromList(`${place}.${field}`, head, contents?.[field] ?? []);
}

function parameterValue(parameter: Parameter | undefined): unknown {
  return parameter?.parameter_choice === undefined ? undefined : parameter[parameter.parameter_choice];
}
