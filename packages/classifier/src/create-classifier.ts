import { type StateDict, StateDictVars } from '@residual/blocks';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { findNonFinite, type ReadStateDictResult } from '@residual/weights';
import { checkWeights } from './check-weights.ts';
import { Classifier } from './classifier.ts';
import { ClassifierError } from './classifier-error.ts';
import { defaultLabels } from './default-labels.ts';
import { defaultPreset } from './default-preset.ts';

interface CommonOptions {
  /** How pictures are prepared; default: torchvision's first for the variant, or CIFAR's. */
  readonly preset?: Preset;
  /** Names of the classes; default: ImageNet's for 1,000, CIFAR-10's for 10 of the CIFAR family, else `class 0`, `class 1`, …. */
  readonly labels?: readonly string[];
  /** Pictures that go through the network at once; default as many as make about 400,000 pixels. */
  readonly batchSize?: number;
}

/** A variant, by name or spec, with weights; the classifier owns the model that it builds. */
export interface WeightsOptions extends CommonOptions {
  readonly model: string | ResNetSpec;
  /** What `readStateDict` of @residual/weights gives, or a state dict under torchvision's names. */
  readonly weights: ReadStateDictResult | StateDict;
  /** What messages call the weights, e.g. the file's path; default `weights`. */
  readonly source?: string;
}

/** A model that stays its owner's. */
export interface ModelOptions extends CommonOptions {
  readonly model: ResNet;
}

export type CreateClassifierOptions = WeightsOptions | ModelOptions;

/**
 * Puts a classifier together on the current tfjs backend. Weights are compared with the variant before anything is
 * built; a head of another size than the variant's is taken over from the weights, and `notes` says so.
 *
 * @throws WeightsMismatchError for weights of another network; it says which variant they fit.
 * @throws UnknownModelError for a name that is none.
 * @throws ClassifierError where the labels are not as many as the classes, or the model has no head.
 */
export async function createClassifier(options: CreateClassifierOptions): Promise<Classifier> {
  return 'weights' in options ? fromWeights(options) : fromModel(options);
}

async function fromModel({ model, preset, labels, batchSize }: ModelOptions): Promise<Classifier> {
  const numClasses = model.variables.get('fc.weight')?.shape[1];
  if (numClasses === undefined) {
    const expected = 'expected a model with a head (fc), got one without';
    throw new ClassifierError('NO_HEAD', `${model.spec.name}: ${expected}; build it with numClasses`);
  }
  return new Classifier({
    model,
    preset: preset ?? defaultPreset(model.spec),
    labels: await labelsFor(model.spec, numClasses, labels),
    loadReport: undefined,
    notes: [],
    warnings: [],
    batchSize,
    ownsModel: false,
  });
}

async function fromWeights(options: WeightsOptions): Promise<Classifier> {
  const { model, weights, source = 'weights', preset, labels, batchSize } = options;
  const dict = 'tensors' in weights ? weights.tensors : weights;
  const spec = typeof model === 'string' ? (await import('@residual/resnet/registry')).getSpec(model) : model;
  const { numClasses, report } = await checkWeights(dict, spec, source);
  const names = await labelsFor(spec, numClasses, labels);

  const notes = 'tensors' in weights ? [...weights.notes] : [];
  const usual = spec.numClasses ?? 1000;
  if (numClasses !== usual) notes.push(`a head of ${numClasses} classes (${spec.name}'s own has ${usual})`);
  const nonFinite = findNonFinite(dict);
  const warnings = nonFinite
    ? [
        `${source}: ${nonFinite.firstName} has NaN or infinite values (${nonFinite.count} in the file); its answers mean nothing, get the file again`,
      ]
    : [];
  return new Classifier({
    model: new ResNet(spec, { numClasses, vars: new StateDictVars(dict).source }),
    preset: preset ?? defaultPreset(spec),
    labels: names,
    loadReport: report,
    notes,
    warnings,
    batchSize,
    ownsModel: true,
  });
}

async function labelsFor(
  spec: ResNetSpec,
  numClasses: number,
  given: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (given === undefined) return defaultLabels(spec, numClasses);
  if (given.length === numClasses) return given;
  const counts = `expected ${numClasses} names, one per class, got ${given.length}`;
  throw new ClassifierError('BAD_LABELS', `labels: ${counts}; pass as many as the head has rows`);
}
