import type { WeightsIndex } from '../weights-index.ts';
import type { NetworkHints } from './found-network.ts';
import { readModuleFacts } from './module-facts.ts';
import { readOpenMmLabConfig } from './openmmlab-config.ts';
import { setNormalisation } from './set-normalisation.ts';
import type { StatedNames } from './stated-names.ts';

/** Hints in the making. */
export type MutableHints = { -readonly [Key in keyof NetworkHints]: NetworkHints[Key] };

/** What is known of a network when its hints are looked for. */
export interface HintedNetwork {
  /** Where it hangs, as its path says. */
  readonly path: string;
  readonly names: 'detectron2' | 'keras' | 'keras-v2' | 'torchvision-segmentation' | 'other';
  readonly isBottleneck: boolean;
  /** Blocks in each stage. */
  readonly depths: readonly number[];
  readonly classCount: number | undefined;
  readonly stated: StatedNames;
}

/** Hints, and whether the network is one of BGR pictures; the hints are for RGB ones all the same. */
export interface FoundHints {
  readonly hints: NetworkHints;
  readonly isBgr: boolean;
}

/** What a file says about a network beyond its tensors; each hint that changes its answer is said in `notes`. */
export function findHints(index: WeightsIndex, network: HintedNetwork, notes: string[]): FoundHints {
  const { facts } = index;
  const hints: MutableHints = {};
  let isBgr = false;
  const { stated, classCount } = network;
  if (stated.model !== undefined) hints.model = stated.model;
  const labels = stated.labels.find(({ length }) => length === classCount);
  if (labels !== undefined) hints.labels = labels;
  const texts = ['meta.config', 'meta.cfg', 'cfg', 'config'].map((key) => facts.get(key));
  const config = texts.find((text) => typeof text === 'string');
  if (config !== undefined) isBgr = readOpenMmLabConfig(config, network, hints, notes);
  readModuleFacts(facts, network, hints, notes);
  if (network.names === 'detectron2' && network.isBottleneck) {
    const isTorchvision = facts.get('__author__') === 'torchvision';
    hints.strideIn = isTorchvision ? '3x3' : '1x1';
    if (!isTorchvision) {
      isBgr = true;
      setNormalisation(hints, [123.675, 116.28, 103.53], [1, 1, 1]);
      const text = "a stage's stride is in the 1x1 convolution, and pictures are BGR minus a mean";
      notes.push(`taken as Detectron2's own models are, unless configured otherwise: ${text}`);
    }
  }
  if (network.names === 'keras' && network.isBottleneck) {
    isBgr = true;
    setKerasModel(hints, network, '');
    hints.strideIn = '1x1';
    setNormalisation(hints, [123.68, 116.779, 103.939], [1, 1, 1]);
    const text = "stride in the 1x1 convolution, epsilon 1.001e-5, and preprocess_input's pictures, BGR minus a mean";
    notes.push(`taken as Keras's applications are: ${text}`);
  }
  if (network.names === 'keras-v2') {
    setKerasModel(hints, network, 'v2');
    setNormalisation(hints, [127.5, 127.5, 127.5], [127.5, 127.5, 127.5]);
    notes.push("taken as Keras's applications are: epsilon 1.001e-5, and preprocess_input's pictures, from -1 to 1");
  }
  if (network.names === 'torchvision-segmentation' && network.isBottleneck && hints.outputStride === undefined) {
    hints.outputStride = 8;
    notes.push("torchvision's segmentation models have their last two stages dilated: output stride 8");
  }
  return { hints, isBgr };
}

/** Layers of Keras's applications, by the blocks in each stage. */
const kerasLayers: Readonly<Record<string, number>> = { '3,4,6,3': 50, '3,4,23,3': 101, '3,8,36,3': 152 };

function setKerasModel(hints: MutableHints, { depths }: HintedNetwork, version: '' | 'v2'): void {
  const layers = kerasLayers[depths.join()];
  if (layers !== undefined) hints.model ??= `keras_resnet${layers}${version}`;
  hints.epsilon = 1.001e-5;
}
