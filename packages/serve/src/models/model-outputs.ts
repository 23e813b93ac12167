import { softmax, topK } from '@residual/vision';
import { describe } from '../protocol/json-fields.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { InferRequest, OutputTensor, RequestedOutput } from '../protocol/tensor.ts';
import type { TensorMetadata } from './model-inputs.ts';

/** What a picture gives. */
export interface ModelRow {
  /** `[numFeatures] float32`. */
  readonly embedding: Float32Array;
  /** `[numClasses] float32`; none where the network has no head. */
  readonly logits: Float32Array | undefined;
}

/** Classes in the output `labels`. */
const LABELS = 5;

/** Numbers of classes and features, and the classes' names. */
export interface OutputSizes {
  readonly labels: readonly string[];
  readonly numFeatures: number;
}

/** The outputs that a model declares. */
export function outputMetadata({ labels, numFeatures }: OutputSizes): readonly TensorMetadata[] {
  const embeddings = { name: 'embeddings', datatype: 'FP32', shape: [-1, numFeatures] };
  if (labels.length === 0) return [embeddings];
  return [
    { name: 'logits', datatype: 'FP32', shape: [-1, labels.length] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, labels.length] },
    { name: 'labels', datatype: 'BYTES', shape: [-1, Math.min(LABELS, labels.length)] },
    embeddings,
  ];
}

/** The outputs that a request wants, all where it names none. @throws ProtocolError with status 400 for one that there is not. */
export function wantedOutputs({ outputs }: InferRequest, sizes: OutputSizes): readonly RequestedOutput[] {
  const known = outputMetadata(sizes);
  if (outputs === undefined || outputs.length === 0)
    return known.map(({ name }) => ({ name, isBinary: undefined, classes: undefined }));
  for (const { name, classes } of outputs) {
    const output = known.find((other) => other.name === name);
    if (output === undefined) {
      const names = known.map((other) => other.name).join(', ');
      throw new ProtocolError(400, `outputs: expected some of ${names}, got ${describe(name)}`);
    }
    if (classes === undefined) continue;
    if (name !== 'logits' && name !== 'probabilities')
      throw new ProtocolError(
        400,
        `output '${name}': expected no classification; ask for it of logits or probabilities`,
      );
    if (classes > sizes.labels.length)
      throw new ProtocolError(400, `output '${name}': expected ${sizes.labels.length} classes at most, got ${classes}`);
  }
  return outputs;
}

/** The tensors of an answer, in the order wanted. */
export function outputTensors(
  rows: readonly ModelRow[],
  wanted: readonly RequestedOutput[],
  { labels, numFeatures }: OutputSizes,
  prefersBinary: boolean,
): readonly OutputTensor[] {
  return wanted.map(({ name, isBinary = prefersBinary, classes }): OutputTensor => {
    const head = { name, isBinary };
    if (name === 'embeddings') {
      const data = join(rows.map(({ embedding }) => embedding));
      return { ...head, datatype: 'FP32', shape: [rows.length, numFeatures], data };
    }
    const values = rows.map(({ logits }) => (name === 'logits' ? logits! : softmax(logits!)));
    if (name === 'labels' || classes !== undefined) {
      const count = classes ?? Math.min(LABELS, labels.length);
      const texts = values.flatMap((row) => classified(row, count, labels, name === 'labels'));
      return { ...head, datatype: 'BYTES', shape: [rows.length, count], data: texts };
    }
    return { ...head, datatype: 'FP32', shape: [rows.length, labels.length], data: join(values) };
  });
}

/** Names alone, or `value:index:name` as the classification extension has them. */
function classified(
  values: Float32Array,
  count: number,
  labels: readonly string[],
  namesAlone: boolean,
): readonly string[] {
  return topK(values, count, labels).map(({ index, label, score }) =>
    namesAlone ? label : `${score}:${index}:${label}`,
  );
}

function join(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * size);
  for (const [index, row] of rows.entries()) all.set(row, index * size);
  return all;
}
