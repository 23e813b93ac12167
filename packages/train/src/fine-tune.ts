import { type LoadReport, type StateDict, StateDictVars } from '@residual/blocks';
import type { TrainingData } from './batches.ts';
import { initialVariables, type ModelBuilder, type VariableSpecs } from './model.ts';
import { matches, parameterSettings } from './parameter-groups.ts';
import { type TrainResult, train } from './train.ts';
import { TrainError } from './train-error.ts';
import type { TrainOptions } from './training-options.ts';

/** A model with another head than its weights have. */
export interface Pretrained {
  readonly model: ModelBuilder;
  /** By the model's names, in PyTorch's layout. */
  readonly weights: StateDict;
  /** Prefixes of what begins anew, whatever the weights have there, such as the model's `headPath`; default `['fc']`. */
  readonly head?: readonly string[];
}

export interface FineTuneOptions extends Omit<TrainOptions, 'model' | 'data' | 'frozenBatchNorm'> {
  /** First values of the head, e.g. `randomVars({ seed })`. A checkpoint comes before them and the weights. */
  readonly initial: TrainOptions['initial'];
  /** Prefixes of what stays as it is (`['conv1', 'bn1', 'layer1']`), or `'backbone'`: all but the head. Default none. */
  readonly freeze?: 'backbone' | readonly string[];
  /**
   * `frozen` (default): batch norm keeps to the running statistics of the weights; right for few pictures, and the only
   * way for weights whose batch norm is folded. `train`: it takes the batches', and the running ones move.
   */
  readonly bn?: 'frozen' | 'train';
  /** Told before the first step. */
  readonly onReport?: (report: FineTuneReport) => void;
}

/** What fine-tuning makes of a model's tensors, by name. */
export interface FineTuneReport {
  /** Of the model, not from the weights. */
  readonly newTensors: readonly string[];
  /** Of the weights, not in the model: the head that was. */
  readonly unused: readonly string[];
  readonly trained: readonly string[];
  /** Parameters that stay as the weights have them. */
  readonly frozen: readonly string[];
}

export interface FineTuneResult extends TrainResult {
  readonly report: FineTuneReport;
}

/**
 * Trains a new head on a pretrained backbone, and as much of the backbone as is not frozen.
 *
 * @throws TrainError `BAD_OPTION` where the weights are not the backbone's; else as `train`.
 */
export async function fineTune(
  { model, weights, head = ['fc'] }: Pretrained,
  data: TrainingData,
  options: FineTuneOptions,
): Promise<FineTuneResult> {
  const { freeze = [], bn = 'frozen', groups = [], initial, onReport, ...others } = options;
  const isOfHead = (name: string): boolean => head.some((prefix) => matches(prefix, name));
  const backbone = new Map([...weights].filter(([name]) => !isOfHead(name)));
  const vars = new StateDictVars(backbone, { otherwise: initial });
  const { specs } = await initialVariables(model, vars.source);
  checkBackbone(vars.report, isOfHead);
  const prefixes = freeze === 'backbone' ? backboneModules(specs, isOfHead) : freeze;
  const frozen = prefixes.map((match) => ({ match, frozen: true }));
  const trainOptions = { ...others, model, data, groups: [...frozen, ...groups], frozenBatchNorm: bn === 'frozen' };
  const trained = [...parameterSettings(specs, 0, trainOptions).keys()];
  const report: FineTuneReport = {
    newTensors: vars.report.missing,
    unused: [...weights.keys()].filter((name) => isOfHead(name)),
    trained,
    frozen: [...specs].filter(([name, { trainable }]) => trainable && !trained.includes(name)).map(([name]) => name),
  };
  onReport?.(report);
  return { ...(await train({ ...trainOptions, initial: vars.source })), report };
}

/** The modules at the model's top that are not the head. */
function backboneModules(specs: VariableSpecs, isOfHead: (name: string) => boolean): string[] {
  return [...new Set([...specs.keys()].filter((name) => !isOfHead(name)).map((name) => name.split('.', 1)[0]!))];
}

function checkBackbone({ missing, mismatched, unexpected }: LoadReport, isOfHead: (name: string) => boolean): void {
  const next = 'take the weights of this model';
  const bad = (name: string, problem: string): TrainError =>
    new TrainError('BAD_OPTION', `weights: ${name}`, `${problem}; ${next}`);
  const [wrong] = mismatched;
  if (wrong !== undefined)
    throw bad(wrong.name, `expected [${wrong.expected.join(', ')}], got [${wrong.got.join(', ')}]`);
  const absent = missing.find((name) => !isOfHead(name));
  if (absent !== undefined) throw bad(absent, 'expected a tensor of the backbone, got none');
  if (unexpected[0] !== undefined) throw bad(unexpected[0], 'expected a tensor of the model, got this');
}
