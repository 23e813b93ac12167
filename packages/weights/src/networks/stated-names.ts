import type { WeightsIndex } from '../weights-index.ts';

/** What a file says of its network in words. */
export interface StatedNames {
  readonly model: string | undefined;
  /** Lists that may be the names of its classes. */
  readonly labels: readonly (readonly string[])[];
}

/** Reads what training scripts keep beside the weights: the architecture's name, the names of the classes. */
export function readStatedNames(index: WeightsIndex): StatedNames {
  return { model: findModel(index), labels: findLabels(index.facts) };
}

const modelKeys = [
  'arch',
  'model',
  'model_name',
  'architecture',
  'backbone',
  'encoder',
  'base_model',
  'model_type',
  'net',
];
const places = ['', 'args.', 'hyper_parameters.', 'hparams.', 'config.', 'cfg.', 'opt.', 'params.'];
const longest = 100; // of a name, and of a key

/** Only what can be a ResNet's name. */
function findModel({ facts, metadata }: WeightsIndex): string | undefined {
  const said = [
    ...places.flatMap((place) => modelKeys.map((key) => facts.get(`${place}${key}`))),
    ...modelKeys.map((key) => metadata[key]),
  ];
  const isName = (value: unknown): value is string =>
    typeof value === 'string' && value.length <= longest && /^[\w./-]*res(ne[xs]?t|2net)[\w./-]*$/i.test(value);
  return said.find(isName);
}

/** Lists under usual names, numbers as keys or in their order, and the inverse of `class_to_idx`. */
function findLabels(facts: WeightsIndex['facts']): string[][] {
  const lists = new Map<string, Map<number, string>>();
  for (const [key, value] of facts) {
    const map = /^(?:[\w.]{0,100}\.)?class_to_idx\./.exec(key.slice(0, 2 * longest))?.[0];
    if (map !== undefined && typeof value === 'number') setLabel(lists, map, value, key.slice(map.length));
    const dot = key.lastIndexOf('.');
    const list = key.slice(key.lastIndexOf('.', dot - 1) + 1, dot);
    const isList = /^(classes|class_names|label_names|labels|categories|id2label|idx_to_class)$/i.test(list);
    const number = key.slice(dot + 1);
    if (isList && typeof value === 'string' && /^\d{1,5}$/.test(number)) {
      setLabel(lists, key.slice(0, dot), Number(number), value);
    }
  }
  const complete = [...lists.values()].filter((labels) => [...labels.keys()].every((number) => number < labels.size));
  return complete.map((labels) => Array.from({ length: labels.size }, (_, number) => labels.get(number)!));
}

function setLabel(lists: Map<string, Map<number, string>>, list: string, number: number, name: string): void {
  const labels = lists.get(list) ?? new Map<number, string>();
  lists.set(list, labels.set(number, name));
}
