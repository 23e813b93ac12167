import { type Classifier, createClassifier, WeightsMismatchError } from '@residual/classifier';
import { type ReadStateDictResult, readStateDict, sourceFromBlob } from '@residual/weights';
import { Variable } from '@tensorflow/tfjs-core';
import type { LoadedModel, Progress } from './protocol.ts';

/** What weights are compared with where no model was named; the error then names theirs. */
const FIRST_GUESS = 'resnet18';

export interface LoadedClassifier {
  readonly classifier: Classifier;
  readonly report: LoadedModel;
}

/** Reads a weights file and builds its model; where none is named, the weights tell. */
export async function loadClassifier(
  file: File,
  model: string | undefined,
  report: (progress: Progress) => void,
): Promise<LoadedClassifier> {
  const weights = await readWithProgress(file, report);
  report({ step: 'build', ...(model === undefined ? {} : { subject: model }) });
  const source = file.name;
  const classifier = await createClassifier({ model: model ?? FIRST_GUESS, weights, source }).catch(
    (error: unknown): Promise<Classifier> => {
      const fits = WeightsMismatchError.isInstance(error) ? error.fits[0] : undefined;
      if (model !== undefined || fits === undefined) throw error;
      return createClassifier({ model: fits, weights, source });
    },
  );
  return { classifier, report: describe(classifier, weights, file.name, model === undefined) };
}

function readWithProgress(file: File, report: (progress: Progress) => void): Promise<ReadStateDictResult> {
  const source = sourceFromBlob(file);
  let doneBytes = 0;
  report({ step: 'read', subject: file.name, fraction: 0 });
  return readStateDict({
    ...source,
    read: async (offset, length) => {
      const bytes = await source.read(offset, length);
      doneBytes += bytes.byteLength;
      report({ step: 'read', subject: file.name, fraction: Math.min(1, doneBytes / source.sizeBytes) });
      return bytes;
    },
  });
}

function describe(
  classifier: Classifier,
  { tensors, format }: ReadStateDictResult,
  file: string,
  recognised: boolean,
): LoadedModel {
  const { spec, labels, preset, loadReport, notes, warnings, model } = classifier;
  const trained = [...model.variables.values()].filter((value) => value instanceof Variable && value.trainable);
  return {
    model: spec.name,
    recognised,
    file,
    format,
    tensorCount: tensors.size,
    parameterCount: trained.reduce((sum, { size }) => sum + size, 0),
    classCount: labels.length,
    cropPx: preset.cropPx,
    missing: loadReport?.missing ?? [],
    unexpected: loadReport?.unexpected ?? [],
    notes,
    warnings,
  };
}
