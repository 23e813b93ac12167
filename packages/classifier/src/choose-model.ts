import type { LoadReport, StateDict } from '@residual/blocks';
import { cifarMaxPoolStem, fitModel, type ModelFit, type ResNetSpec } from '@residual/resnet';
import { ClassifierError } from './classifier-error.ts';
import { WeightsMismatchError } from './weights-mismatch-error.ts';

/** The variant that weights are of. */
export interface ChosenModel {
  /** As it is registered, or was given. */
  readonly variant: ResNetSpec;
  /** The variant with what the tensors have otherwise: classes, head, channels, biases. */
  readonly spec: ResNetSpec;
  readonly report: LoadReport;
  /** For people. */
  readonly notes: readonly string[];
}

export interface ChooseOptions {
  /** What the caller says that it is. */
  readonly model?: string | ResNetSpec | undefined;
  /** What the file, or a configuration beside it, says. */
  readonly stated?: string | undefined;
  /** What the file is called. */
  readonly fileName?: string | undefined;
  /** Whether the stem ends in a max pooling, where a whole module says so. */
  readonly stemPool?: boolean | undefined;
  /** What messages call the weights. */
  readonly source: string;
}

/**
 * The variant that weights are of: the one that the caller names, which they must fit; else the one that their tensors say,
 * by names and shapes, the file's own word deciding between those that are alike.
 *
 * @throws WeightsMismatchError where they fit none, or not the one that is named; it says which is nearest, and why not.
 * @throws UnknownModelError for a name that is none.
 * @throws ClassifierError where the file says that it is an architecture which its tensors cannot tell from another.
 */
export async function chooseModel(tensors: StateDict, options: ChooseOptions): Promise<ChosenModel> {
  return options.model === undefined ? recognize(tensors, options) : named(tensors, options.model, options.source);
}

async function named(tensors: StateDict, model: string | ResNetSpec, source: string): Promise<ChosenModel> {
  const variant = typeof model === 'string' ? (await import('@residual/resnet/registry')).getSpec(model) : model;
  const fit = fitModel(tensors, variant);
  if (fit.differences === 0) return { variant, ...fit };
  const { recognizeModel } = await import('@residual/resnet/recognize');
  const ranked = recognizeModel(tensors);
  const fits = ranked.filter(({ differences }) => differences === 0).map(({ spec }) => spec.name);
  // A spec of one's own is not among those that are ranked.
  const nearest = fit.differences <= ranked[0]!.differences ? fit : ranked[0]!;
  const problem =
    fits[0] === undefined
      ? `these weights are not ${variant.name}'s: ${differencesOf(tensors, nearest)}`
      : `these weights are ${fits[0]}'s${classesOf(ranked[0]!)}, not ${variant.name}'s; choose the model ${fits[0]}`;
  throw new WeightsMismatchError({ source, model: variant.name, fits, report: fit.report, problem });
}

async function recognize(tensors: StateDict, options: ChooseOptions): Promise<ChosenModel> {
  const { stated, fileName = '', stemPool = false, source } = options;
  const { findLookAlike, recognizeModel } = await import('@residual/resnet/recognize');
  const { getSpec, modelSpecs } = await import('@residual/resnet/registry');
  const name = stated?.split('.', 1)[0] ?? ''; // timm's names end in a tag, resnet50.a1_in1k
  const lookAlike = findLookAlike(name) ?? findLookAlike(fileName);
  if (lookAlike !== undefined && !modelSpecs().has(lookAlike)) {
    const problem = `it says that it is ${lookAlike}, which has the tensors of another net and computes something else`;
    throw new ClassifierError('UNSUPPORTED_MODEL', `${source}: ${problem}; ${lookAlike} is not built here`);
  }
  const said = modelSpecs().get(lookAlike ?? name);
  const fit = said && fitModel(tensors, said);
  if (said && fit?.differences === 0) return { variant: said, ...fit };

  const ranked = recognizeModel(tensors);
  const [first, ...alike] = ranked.filter(({ differences }) => differences === 0);
  if (first === undefined) {
    const nearest = ranked[0]!;
    const problem = `these weights are of no network that is known here: ${differencesOf(tensors, nearest)}`;
    throw new WeightsMismatchError({ source, model: undefined, fits: [], report: nearest.report, problem });
  }
  const isPooled = ({ stem }: ResNetSpec): boolean => stemPool && stem === cifarMaxPoolStem;
  for (const variant of [...modelSpecs().values()].filter(isPooled)) {
    const pooled = fitModel(tensors, variant);
    if (pooled.differences === 0) return { variant, ...pooled };
  }
  const notes = [...first.notes];
  const taken = first.spec.name;
  if (name !== '') notes.push(`${source}: it says that it is ${name}; by its tensors it is ${taken}`);
  if (alike.length > 0) {
    const others = alike.map(({ spec }) => spec.name).join(' and ');
    notes.push(`${source}: taken as ${taken}; ${others} would have the same tensors`);
  }
  return { variant: getSpec(taken), ...first, notes };
}

/** What keeps weights from the model that is nearest, in a few words. */
function differencesOf(tensors: StateDict, { spec, report }: ModelFit): string {
  const { missing, unexpected } = report;
  if (lacksStatistics(report)) {
    const saved = 'saved by named_parameters(), or a net that normalises by groups, which has to be named';
    return `batch norm's running statistics are missing (${missing[0]}${andMore(missing.length)}): ${saved}; save model.state_dict()`;
  }
  if (missing.length > 2 * (tensors.size - unexpected.length)) {
    const names = [...tensors.keys()].slice(0, 3).join(', ');
    return `expected the state dict of a ResNet, got tensors named ${names}${andMore(tensors.size - 2)}`;
  }
  return `nearest ${spec.name}: ${firstDifferences(report)}`;
}

/** Whether nothing but running statistics keeps weights from a model. */
function lacksStatistics({ missing, unexpected, mismatched }: LoadReport): boolean {
  const isStatistics = (name: string): boolean => /\.running_(mean|var)$/.test(name);
  return missing.length > 0 && missing.every(isStatistics) && unexpected.length + mismatched.length === 0;
}

function firstDifferences({ mismatched, missing, unexpected }: LoadReport): string {
  const parts: string[] = [];
  const first = mismatched[0];
  if (first) {
    const layout = first.expected.length === 4 ? ', convolution weights being read as OIHW' : '';
    const shapes = `expected [${first.expected.join(', ')}], got [${first.got.join(', ')}]`;
    parts.push(`${first.name}: ${shapes}${layout}${andMore(mismatched.length)}`);
  }
  if (missing[0] !== undefined) parts.push(`it lacks ${missing[0]}${andMore(missing.length)}`);
  if (unexpected[0] !== undefined) parts.push(`it also has ${unexpected[0]}${andMore(unexpected.length)}`);
  return parts.join('; ');
}

function classesOf({ spec }: ModelFit): string {
  return spec.numClasses === null ? ' (without a head)' : ` (${spec.numClasses} classes)`;
}

function andMore(count: number): string {
  return count > 1 ? ` and ${count - 1} more` : '';
}
