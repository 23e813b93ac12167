import {
  type Augmentation,
  type ColorJitterOptions,
  chainAugmentations,
  colorJitter,
  type Normalization,
  type RandomErasingOptions,
  type RandomResizedCropOptions,
  randomCrop,
  randomErasing,
  randomFlip,
  randomResizedCrop,
  trivialAugmentWide,
} from '@residual/vision';
import { type AdamWOptions, adamw } from './adamw.ts';
import type { BatchOptions } from './assemble-batch.ts';
import type { Optimizer } from './optimizer.ts';
import { cosine, linearWarmUp, multiStep, type OneCycleOptions, oneCycle, type Schedule } from './schedule.ts';
import { type SgdOptions, sgd } from './sgd.ts';
import { TrainError } from './train-error.ts';
import type { TrainOptions } from './training-options.ts';

/** How a model is trained, as plain data: what a run keeps in its folder. */
export interface Recipe extends Normalization {
  readonly epochs: number;
  readonly batchSize: number;
  /** Edge of the square that the model sees. */
  readonly sizePx: number;
  readonly optimizer: OneOf<OptimizerKinds>;
  /** Over the whole training, so that one of another length keeps its form. */
  readonly schedule: OneOf<ScheduleKinds>;
  /** Epochs of rising to the schedule's first rate, before it; default 0. */
  readonly warmUpEpochs?: number;
  readonly augment?: readonly OneOf<AugmentationKinds>[];
  readonly decayNormAndBias?: boolean;
  readonly labelSmoothing?: number;
  readonly mixup?: number;
  readonly cutmix?: number;
  readonly clipNorm?: number;
  readonly emaDecay?: number;
  readonly accumulate?: number;
}

/** `{ kind: options }`. */
type OneOf<Kinds> = { readonly [Kind in keyof Kinds]: { readonly [Key in Kind]: Kinds[Kind] } }[keyof Kinds];

interface OptimizerKinds {
  readonly sgd: SgdOptions;
  readonly adamw: AdamWOptions;
}

interface ScheduleKinds {
  /** `milestones` are shares of the training: 0.5 is its half. */
  readonly multiStep: {
    readonly learningRate: number;
    readonly milestones: readonly number[];
    readonly factor?: number;
  };
  readonly cosine: { readonly learningRate: number; readonly lowest?: number };
  readonly oneCycle: OneCycleOptions & { readonly highest: number };
}

interface AugmentationKinds {
  readonly randomCrop: { readonly sizePx: number; readonly paddingPx?: number };
  readonly randomFlip: { readonly probability?: number };
  readonly randomResizedCrop: RandomResizedCropOptions & { readonly sizePx: number };
  readonly randomErasing: RandomErasingOptions;
  readonly colorJitter: ColorJitterOptions;
  readonly trivialAugmentWide: Readonly<Record<string, never>>;
}

type Makers<Kinds, Made> = { readonly [Kind in keyof Kinds]: (options: Kinds[Kind]) => Made };

/** What of a recipe concerns the batches. @throws TrainError for an augmentation that there is not. */
export function batchOptions(recipe: Recipe, seed: number): BatchOptions {
  const { batchSize, sizePx, mean, std, augment = [], labelSmoothing = 0, mixup = 0, cutmix = 0 } = recipe;
  const makers: Makers<AugmentationKinds, Augmentation> = {
    randomCrop: ({ sizePx: px, ...options }) => randomCrop(px, options),
    randomFlip: ({ probability }) => randomFlip(probability),
    randomResizedCrop: ({ sizePx: px, ...options }) => randomResizedCrop(px, options),
    randomErasing,
    colorJitter,
    trivialAugmentWide,
  };
  const augmentations = augment.map((entry) => make('augment', makers, entry));
  return {
    ...{ batchSize, sizePx, mean, std, seed, labelSmoothing, mixup, cutmix },
    augment: chainAugmentations(...augmentations),
  };
}

/** What of a recipe concerns the steps. @throws TrainError for an optimiser or a schedule that there is not. */
export function recipeOptions(
  recipe: Recipe,
  batchesPerEpoch: number,
): Pick<TrainOptions, 'epochs' | 'optimizer' | 'schedule'> & Partial<TrainOptions> {
  const { epochs, decayNormAndBias, clipNorm, emaDecay, accumulate, warmUpEpochs = 0 } = recipe;
  const stepsPerEpoch = Math.floor(batchesPerEpoch / (accumulate ?? 1));
  const warmUpSteps = warmUpEpochs * stepsPerEpoch;
  const steps = epochs * stepsPerEpoch - warmUpSteps;
  const optimizers: Makers<OptimizerKinds, Optimizer> = { sgd, adamw };
  const schedules: Makers<ScheduleKinds, Schedule> = {
    multiStep: ({ learningRate, milestones, factor }) =>
      multiStep(
        learningRate,
        milestones.map((share) => Math.round(share * steps)),
        factor,
      ),
    cosine: ({ learningRate, lowest }) => cosine(learningRate, steps, lowest),
    oneCycle: ({ highest, ...options }) => oneCycle(highest, steps, options),
  };
  const schedule = make('schedule', schedules, recipe.schedule);
  return {
    epochs,
    optimizer: make('optimizer', optimizers, recipe.optimizer),
    schedule: warmUpSteps === 0 ? schedule : linearWarmUp(schedule, warmUpSteps),
    ...(decayNormAndBias === undefined ? {} : { decayNormAndBias }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(emaDecay === undefined ? {} : { emaDecay }),
    ...(accumulate === undefined ? {} : { accumulate }),
  };
}

function make<Kinds, Made>(place: string, makers: Makers<Kinds, Made>, entry: object): Made {
  const [[kind, options] = ['nothing', undefined], ...others] = Object.entries(entry ?? {});
  if (!Object.hasOwn(makers, kind) || others.length > 0) {
    const known = Object.keys(makers).join(', ');
    const got = others.length > 0 ? `${kind} and others` : kind;
    throw new TrainError('BAD_OPTION', place, `expected one of ${known} with its options, got ${got}`);
  }
  return makers[kind as keyof Kinds](options as Kinds[keyof Kinds]);
}

/**
 * Fills in a recipe read from a file.
 *
 * @throws TrainError for what is no recipe: a name that it has not, a number that is none.
 */
export function parseRecipe(value: unknown, place: string): Recipe {
  const bad = (name: string, problem: string): TrainError => new TrainError('BAD_OPTION', `${place}: ${name}`, problem);
  if (typeof value !== 'object' || value === null) throw bad('recipe', `expected an object, got ${typeof value}`);
  const recipe = value as Record<string, unknown>;
  const required: readonly string[] = ['epochs', 'batchSize', 'sizePx', 'optimizer', 'schedule', 'mean', 'std'];
  const numbers: readonly string[] = ['warmUpEpochs', 'labelSmoothing', 'mixup', 'cutmix', 'clipNorm', 'emaDecay'];
  const known = [...required, ...numbers, 'accumulate', 'augment', 'decayNormAndBias'];
  const unknown = Object.keys(recipe).find((name) => !known.includes(name));
  if (unknown !== undefined) throw bad(unknown, `expected ${known.join(', ')}, got this`);
  const missing = required.find((name) => recipe[name] === undefined);
  if (missing !== undefined) throw bad(missing, 'expected a value, got none');
  for (const name of ['epochs', 'batchSize', 'sizePx', 'accumulate'])
    if (recipe[name] !== undefined && !(Number.isInteger(recipe[name]) && (recipe[name] as number) > 0))
      throw bad(name, `expected a whole number from 1, got ${recipe[name]}`);
  for (const name of numbers)
    if (recipe[name] !== undefined && !((recipe[name] as number) >= 0))
      throw bad(name, `expected a number from 0, got ${recipe[name]}`);
  const parsed = value as Recipe;
  batchOptions(parsed, 0);
  recipeOptions(parsed, 1);
  return parsed;
}
