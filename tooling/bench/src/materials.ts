import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { StateDictVars, viewStateDict } from '@residual/blocks';
import { bind, optimize, traceModel } from '@residual/compile';
import { onnxModel } from '@residual/compile/onnx';
import type { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { writeSafetensors } from '@residual/weights';
import { readStateDictFile } from '@residual/weights/node';
import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { makePictures } from './pictures.ts';
import { tfliteModel } from './tflite/tflite-model.ts';
import { blueprintOf, makeWeights } from './weights.ts';

/** The same model for everybody, as files, and what it should answer. */
export interface Materials {
  readonly weightsFile: string;
  readonly onnxFile: string;
  /** Of `Job`. */
  readonly picturesFile: string;
  /** Where {@link writeTflite} puts the same model as TFLite, for one picture. */
  readonly tfliteFile: string;
  /** Where these lie, except weights that were given. */
  readonly folder: string;
  /** Logits of the two pictures of `makePictures`, by {@link referenceName}. */
  readonly reference: Float32Array;
  /** @throws UnsupportedOperationError where the model is no plain ResNet */
  writeTflite(): Promise<void>;
  remove(): Promise<void>;
}

/** Whose logits are the reference. */
export const referenceName = 'eager tfjs-wasm, fp32';

export interface MaterialsOptions {
  readonly model: string;
  readonly sizePx: number;
  /** Default: weights made up, the same each time. */
  readonly weightsFile?: string | undefined;
  readonly folder: string;
}

/** Makes a model's files. With ONNX of our own exporter, ONNX Runtime gets the net with its batch norms folded. */
export async function makeMaterials({ model, sizePx, weightsFile, folder }: MaterialsOptions): Promise<Materials> {
  const spec = getSpec(model);
  const dict = weightsFile === undefined ? makeWeights(spec) : (await readStateDictFile(weightsFile)).tensors;
  const blueprint = blueprintOf(dict, spec);
  const ownWeightsFile = join(folder, `${model}.safetensors`);
  if (weightsFile === undefined) await writeFile(ownWeightsFile, writeSafetensors(dict));

  await tfjsWasm().use();
  const reference = await referenceLogits(blueprint.withVars(new StateDictVars(dict).source), sizePx);

  const onnxFile = join(folder, `${model}.onnx`);
  const graph = await traceModel(blueprint, { endpoints: ['logits'], sizePx });
  const weights = viewStateDict(dict, blueprint.variableSpecs);
  const bound = bind(optimize(graph), weights);
  await writeFile(onnxFile, onnxModel(bound, { name: model }).chunks);
  const tfliteFile = join(folder, `${model}.tflite`);
  return {
    weightsFile: weightsFile ?? ownWeightsFile,
    onnxFile,
    picturesFile: await writePictures(sizePx, folder),
    tfliteFile,
    folder,
    reference,
    writeTflite: () => writeFile(tfliteFile, tfliteModel(bound)),
    remove: async () => {
      await Promise.all([ownWeightsFile, onnxFile, tfliteFile].map((file) => rm(file, { force: true })));
    },
  };
}

async function writePictures(sizePx: number, folder: string): Promise<string> {
  const file = join(folder, 'pictures.safetensors');
  const shape = [2, sizePx, sizePx, 3];
  const pictures = new Map([
    ['pictures', { shape, data: makePictures(2, sizePx) }],
    ['calibration', { shape, data: makePictures(2, sizePx, 'calibration') }],
  ]);
  await writeFile(file, writeSafetensors(pictures));
  return file;
}

async function referenceLogits(model: ResNet, sizePx: number): Promise<Float32Array> {
  const pictures: Tensor4D = tensor4d(makePictures(2, sizePx), [2, sizePx, sizePx, 3]);
  const logits = model.forward(pictures);
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  pictures.dispose();
  model.dispose();
  return values;
}
