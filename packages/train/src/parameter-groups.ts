import { checkNumber } from './check-number.ts';
import type { VariableSpecs } from './model.ts';
import { TrainError } from './train-error.ts';

/** What differs from the rest for some parameters. */
export interface ParameterGroup {
  /** A prefix of their names (`layer1`, which is not `layer10`), or an expression. */
  readonly match: string | RegExp;
  /** Default 1. */
  readonly learningRateScale?: number;
  /** Default: the optimiser's. */
  readonly weightDecay?: number;
  /** Not moved by the optimiser; default false. */
  readonly frozen?: boolean;
}

export interface GroupOptions {
  /** The first group that matches a parameter counts. */
  readonly groups?: readonly ParameterGroup[];
  /** Whether vectors, which are the weights of batch norms and all biases, decay as the rest does; default true, as in PyTorch. */
  readonly decayNormAndBias?: boolean;
}

/** How one parameter is moved. */
export interface ParameterSettings {
  readonly learningRateScale: number;
  readonly weightDecay: number;
}

/** The parameters to be trained with their settings; frozen ones and running statistics are left out. @throws TrainError */
export function parameterSettings(
  specs: VariableSpecs,
  defaultDecay: number,
  { groups = [], decayNormAndBias = true }: GroupOptions,
): ReadonlyMap<string, ParameterSettings> {
  const unused = groups.find(({ match }) => ![...specs.keys()].some((name) => matches(match, name)));
  if (unused !== undefined)
    throw new TrainError('BAD_OPTION', `groups: ${unused.match}`, 'expected a parameter of that name, got none');
  for (const { match, learningRateScale, weightDecay } of groups) {
    checkNumber(`groups: ${match}: learningRateScale`, learningRateScale, { from: 0 });
    checkNumber(`groups: ${match}: weightDecay`, weightDecay, { from: 0 });
  }
  const settings = new Map<string, ParameterSettings>();
  for (const [name, { trainable, layout }] of specs) {
    if (!trainable) continue;
    const group = groups.find(({ match }) => matches(match, name));
    if (group?.frozen) continue;
    const decay = layout === 'vector' && !decayNormAndBias ? 0 : defaultDecay;
    settings.set(name, {
      learningRateScale: group?.learningRateScale ?? 1,
      weightDecay: group?.weightDecay ?? decay,
    });
  }
  if (settings.size === 0)
    throw new TrainError('BAD_OPTION', 'groups', 'expected a parameter to train, got all frozen; leave one out');
  return settings;
}

/** Whether a name is, or is below, a prefix of modules, or matches an expression. */
export function matches(match: string | RegExp, name: string): boolean {
  if (typeof match !== 'string') return new RegExp(match.source, match.flags.replace('g', '')).test(name);
  return name === match || name.startsWith(match.endsWith('.') ? match : `${match}.`);
}
