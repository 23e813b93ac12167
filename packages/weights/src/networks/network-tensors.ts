import { blockName } from '../key-schemes/block-names.ts';
import { moduleOf } from '../key-schemes/modules.ts';
import { blockParser } from '../key-schemes/stage-names.ts';
import { stemChildren, stemNames } from '../key-schemes/stem-names.ts';
import type { TensorEntry } from '../weights-index.ts';
import type { NetworkRoot } from './dict-names.ts';
import { type Children, childrenOf } from './surroundings.ts';

/** A network's stem and stages under the models' names, and its other children. */
export interface Backbone {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Children that are neither stem nor stage, by the file's names. */
  readonly others: Children;
  /** Output channels of the last stage, where they can be told. */
  readonly channels: number | undefined;
}

/** Gives stem and stages the models' names: by position where children have numbers, by the publisher's names else. */
export function nameBackbone(tensors: ReadonlyMap<string, TensorEntry>, root: NetworkRoot): Backbone {
  const parse = blockParser(root);
  const named = new Map<string, TensorEntry>();
  const rest: [string, TensorEntry][] = [];
  for (const [name, entry] of tensors) {
    const place = parse(name);
    const stage = place === undefined ? -1 : place.stage - root.firstStage;
    if (place === undefined || stage < 0 || stage >= root.stageCount) rest.push([name, entry]);
    else setNew(named, `layer${stage + 1}.${place.block}.${blockName(place.rest)}`, name, entry);
  }
  const children = childrenOf(rest);
  const isStem = (child: string) =>
    stemChildren.test(child) || (root.before === '' && /^\d+$/.test(child) && Number(child) < root.firstStage);
  const stem = new Map(rest.filter(([name]) => isStem(name.split('.', 1)[0]!)));
  // CLIP's three convolutions are followed by an average, not by a maximum.
  const names = children.has('attnpool') ? undefined : stemNames(stem);
  const first = new Map<string, TensorEntry>();
  for (const [name, entry] of stem) {
    const module = names?.get(moduleOf(name));
    setNew(first, module === undefined ? name : `${module}.${name.slice(name.lastIndexOf('.') + 1)}`, name, entry);
  }
  return {
    tensors: new Map([...first, ...named]),
    others: new Map([...children].filter(([child]) => !isStem(child))),
    channels: lastChannels(named, root.stageCount),
  };
}

/** Puts a tensor under its new name, or, where another has it, under the file's. */
function setNew(tensors: Map<string, TensorEntry>, name: string, inFile: string, entry: TensorEntry): void {
  tensors.set(tensors.has(name) ? inFile : name, entry);
}

function lastChannels(tensors: ReadonlyMap<string, TensorEntry>, stages: number): number | undefined {
  const last = ['conv3', 'conv2'].map((convolution) => tensors.get(`layer${stages}.0.${convolution}.weight`));
  return last.find((entry) => entry?.shape.length === 4)?.shape[0];
}
