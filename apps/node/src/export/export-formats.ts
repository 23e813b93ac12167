import type { ResNet } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { type ReadStateDictResult, writePth, writeSafetensors } from '@residual/weights';
import { writeFileAtomic } from '@residual/weights/node';
import { exportedStateDict } from './exported-state-dict.ts';
import { outputOf, tracedModel } from './traced-model.ts';
import { untoldOptions } from './untold-options.ts';
import { checkReplaceable, writeFolder } from './write-folder.ts';

/** A model that is to be written. */
export interface ExportedModel {
  readonly model: ResNet;
  readonly preset: Preset;
  /** The tensors that it was made of. */
  readonly source: ReadStateDictResult['tensors'];
  /** Edge of the pictures. */
  readonly sizePx: number;
  /** What the file that it comes from says of itself, and what the model is. */
  readonly metadata: ReadStateDictResult['metadata'];
  /** Whether floats are stored in 16 bits. */
  readonly isHalf: boolean;
}

export interface ExportFormat {
  /** Whether the file holds the network too, for pictures of a size. */
  readonly hasSize: boolean;
  /** Whether it may store floats in 16 bits. */
  readonly canBeHalf: boolean;
  /** Refuses a folder that must not be replaced, before anything is read; left out, the target is a file. */
  readonly checkTarget?: (out: string) => Promise<void>;
  /** Writes, and says what, in a few words. */
  readonly write: (out: string, exported: ExportedModel) => Promise<string>;
}

/** By the names that `--format` takes. */
export function exportFormats(): ReadonlyMap<string, ExportFormat> {
  return new Map<string, ExportFormat>([
    ['onnx', { hasSize: true, canBeHalf: false, write: writeOnnx }],
    ['saved-model', { hasSize: true, canBeHalf: false, checkTarget: checkReplaceable, write: writeSavedModel }],
    ['plan', { hasSize: true, canBeHalf: true, write: writePlan }],
    ['safetensors', { hasSize: false, canBeHalf: true, write: writeSafetensorsFile }],
    ['pth', { hasSize: false, canBeHalf: false, write: writePthFile }],
  ]);
}

async function writeOnnx(out: string, exported: ExportedModel): Promise<string> {
  const { onnxModel } = await import('@residual/compile/onnx');
  const name = exported.model.spec.name;
  const { chunks, sizeBytes } = onnxModel(await tracedModel(exported), { name });
  await writeFileAtomic(out, chunks);
  const { model, sizePx } = exported;
  const image = `image [N, ${model.inChannels}, ${sizePx}, ${sizePx}]`;
  return `ONNX opset 17, ${image} → ${describeOutput('N', model)}, ${megabytes(sizeBytes)}`;
}

async function writeSavedModel(out: string, exported: ExportedModel): Promise<string> {
  const { savedModel } = await import('@residual/compile/saved-model');
  const { chunks, sizeBytes } = savedModel(await tracedModel(exported));
  await writeFolder(out, new Map([['saved_model.pb', chunks]]));
  return `SavedModel, ${describeSignature('N', exported)}, ${megabytes(sizeBytes)}`;
}

async function writePlan(out: string, exported: ExportedModel): Promise<string> {
  const { planFile } = await import('@residual/backend-webgpu/plan-file');
  const precision = exported.isHalf ? 'fp16' : 'fp32';
  const { chunks, sizeBytes } = planFile(await tracedModel(exported), { precision });
  await writeFileAtomic(out, chunks);
  return `WebGPU plan in ${precision}, ${describeSignature('1', exported)}, ${megabytes(sizeBytes)}`;
}

async function writeSafetensorsFile(out: string, exported: ExportedModel): Promise<string> {
  const dict = await exportedStateDict(exported);
  const { isHalf, metadata } = exported;
  const dtype = isHalf ? 'float16' : 'float32';
  const bytes = writeSafetensors(dict, { metadata: { ...metadata, format: 'pt' }, dtype });
  await writeFileAtomic(out, bytes);
  return `safetensors, ${dtype}, ${dict.size} tensors, ${megabytes(bytes.byteLength)}`;
}

async function writePthFile(out: string, exported: ExportedModel): Promise<string> {
  const dict = await exportedStateDict(exported);
  const bytes = writePth(dict);
  await writeFileAtomic(out, bytes);
  const written = `PyTorch state dict, ${dict.size} tensors, ${megabytes(bytes.byteLength)}`;
  const options = await untoldOptions(dict, exported);
  return options.length === 0 ? written : `${written}; load it with ${options.join(' ')}`;
}

function describeSignature(batch: string, { model, sizePx }: ExportedModel): string {
  return `image [${batch}, ${sizePx}, ${sizePx}, ${model.inChannels}] → ${describeOutput(batch, model)}`;
}

function describeOutput(batch: string, model: ResNet): string {
  return `${outputOf(model)} [${batch}, ${model.numClasses ?? model.numPooled}]`;
}

function megabytes(sizeBytes: number): string {
  return `${(sizeBytes / 1e6).toFixed(1)} MB`;
}
