import type { WeightsIndex } from '../weights-index.ts';
import type { NetworkHints } from './found-network.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What is known of a network when its hints are looked for. */
export interface HintedNetwork {
  /** Where it hangs, as its path says. */
  readonly path: string;
  readonly names: 'detectron2' | 'keras' | 'keras-v2' | 'torchvision-segmentation' | 'other';
  readonly isBottleneck: boolean;
  readonly classCount: number | undefined;
}

/** Hints, and whether the network is one of BGR pictures; the hints are for RGB ones all the same. */
export interface FoundHints {
  readonly hints: NetworkHints;
  readonly isBgr: boolean;
}

/** What a file says about a network beyond its tensors; each hint that changes its answer is said in `notes`. */
export function findHints(index: WeightsIndex, network: HintedNetwork, notes: string[]): FoundHints {
  const { facts } = index;
  const hints: Mutable<NetworkHints> = {};
  let isBgr = false;
  const model = findModel(index);
  if (model !== undefined) hints.model = model;
  const labels = findLabels(facts);
  if (labels !== undefined && labels.length === network.classCount) hints.labels = labels;
  const config = textFact(facts, 'meta.config', 'meta.cfg', 'cfg', 'config');
  if (config !== undefined) isBgr = readConfig(config, network, hints, notes);
  readModules(facts, network, hints, notes);
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
    hints.strideIn = '1x1';
    hints.epsilon = 1.001e-5;
    setNormalisation(hints, [123.68, 116.779, 103.939], [1, 1, 1]);
    const text = "stride in the 1x1 convolution, epsilon 1.001e-5, and preprocess_input's pictures, BGR minus a mean";
    notes.push(`taken as Keras's applications are: ${text}`);
  }
  if (network.names === 'keras-v2') notes.push("names of Keras's ResNet V2, whose blocks normalise first");
  if (network.names === 'torchvision-segmentation' && network.isBottleneck && hints.outputStride === undefined) {
    hints.outputStride = 8;
    notes.push("torchvision's segmentation models have their last two stages dilated: output stride 8");
  }
  return { hints, isBgr };
}

/** Of means and deviations on 0 … 255, those on 0 … 1. */
function setNormalisation(hints: Mutable<NetworkHints>, mean: readonly number[], std: readonly number[]): void {
  hints.mean = mean.map((value) => value / 255);
  hints.std = std.map((value) => value / 255);
}

function textFact(facts: WeightsIndex['facts'], ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = facts.get(key);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** The architecture by the names that training scripts keep it under; only what can be a ResNet's name. */
function findModel({ facts, metadata }: WeightsIndex): string | undefined {
  const keys = [
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
  const said = [
    ...places.flatMap((place) => keys.map((key) => facts.get(`${place}${key}`))),
    ...keys.map((key) => metadata[key]),
  ];
  return said.find(
    (value): value is string => typeof value === 'string' && /^[\w./-]*res(ne[xs]?t|2net)[\w./-]*$/i.test(value),
  );
}

/** Class names: a list under a usual name, or the inverse of `class_to_idx`. */
function findLabels(facts: WeightsIndex['facts']): string[] | undefined {
  const lists = new Map<string, Map<number, string>>();
  for (const [key, value] of facts) {
    const list = /^(.*\b(?:classes|class_names|label_names|labels|categories|id2label|idx_to_class))\.(\d{1,5})$/i.exec(
      key,
    );
    const map = /^(.*\bclass_to_idx)\.(.+)$/s.exec(key);
    if (list !== null && typeof value === 'string') setLabel(lists, list[1]!, Number(list[2]), value);
    if (map !== null && typeof value === 'number') setLabel(lists, map[1]!, value, map[2]!);
  }
  for (const labels of lists.values()) {
    const names = [...labels.keys()].map((_, number) => labels.get(number));
    if (names.every((name) => name !== undefined)) return names;
  }
  return undefined;
}

function setLabel(lists: Map<string, Map<number, string>>, list: string, number: number, name: string): void {
  const labels = lists.get(list) ?? new Map<number, string>();
  lists.set(list, labels.set(number, name));
}

/**
 * mmpretrain's and mmdetection's configuration, which a file keeps as Python text.
 *
 * @returns Whether pictures are BGR.
 */
function readConfig(
  text: string,
  { isBottleneck }: HintedNetwork,
  hints: Mutable<NetworkHints>,
  notes: string[],
): boolean {
  const backbone = /backbone\s*=\s*dict\(|'?backbone'?\s*:\s*\{/.exec(text);
  if (backbone === null) return false;
  const config = text.slice(backbone.index, backbone.index + 2000);
  const entry = (key: string, value: string) => new RegExp(`\\b${key}'?\\s*[=:]\\s*${value}`).exec(config)?.[1];
  const type = entry('type', `'(\\w+)'`);
  const depth = entry('depth', '(\\d+)');
  if (type !== undefined && /^ResNet(V1[bcd])?$/.test(type) && depth !== undefined) {
    hints.model ??= `resnet${depth}${/[cd]$/.exec(type)?.[0] ?? ''}`;
  }
  if (isBottleneck && entry('style', `'(\\w+)'`) === 'caffe') {
    hints.strideIn = '1x1';
    notes.push("the configuration says style='caffe': a stage's stride is in the 1x1 convolution");
  }
  const strides = /\bstrides'?\s*[=:]\s*[([]\s*([\d,\s]+)/.exec(config)?.[1]?.split(',').map(Number);
  const product = strides?.slice(0, 4).reduce((stride, factor) => stride * (factor || 1), 4);
  if (product === 8 || product === 16) {
    hints.outputStride = product;
    notes.push(`the configuration says strides ${strides!.join(', ')}: output stride ${product}`);
  }
  return readPictureConfig(text, hints, notes);
}

/** What a configuration of OpenMMLab says of pictures, which it reads as BGR and may turn. */
function readPictureConfig(text: string, hints: Mutable<NetworkHints>, notes: string[]): boolean {
  const numbers = (key: string) => {
    const list = new RegExp(`\\b${key}'?\\s*[=:]\\s*[([]([\\d.,\\s]{5,80})[)\\]]`).exec(text)?.[1];
    return list?.split(',').map(Number).slice(0, 3);
  };
  const [mean, std] = [numbers('mean'), numbers('std')];
  const isBgr = /\b(?:to_rgb|bgr_to_rgb)'?\s*[=:]\s*False/.test(text);
  if (mean?.length !== 3 || std?.length !== 3 || ![...mean, ...std].every((value) => value > 0)) return isBgr;
  setNormalisation(hints, isBgr ? mean.reverse() : mean, isBgr ? std.reverse() : std);
  notes.push(`the configuration says how pictures are normalised${isBgr ? ', and that they are BGR' : ''}`);
  return isBgr;
}

/** What a pickled module keeps beside its tensors: strides, dilations, epsilon, the class of its activation. */
function readModules(
  facts: WeightsIndex['facts'],
  { path, isBottleneck }: HintedNetwork,
  hints: Mutable<NetworkHints>,
  notes: string[],
): void {
  const prefix = path === '' ? '' : `${path}.`;
  const first = (key: string) => {
    const value = facts.get(`${prefix}${key}`);
    return value === undefined ? undefined : Number(/\d+/.exec(String(value))?.[0]);
  };
  if (isBottleneck && first('layer2.0.conv1.stride') === 2) {
    hints.strideIn = '1x1';
    notes.push("the saved model has a stage's stride in the 1x1 convolution");
  }
  const dilation = first('layer4.1.conv2.dilation');
  if (dilation === 2 || dilation === 4) {
    hints.outputStride = dilation === 2 ? 16 : 8;
    notes.push(`the saved model is dilated: output stride ${hints.outputStride}`);
  }
  const epsilon = Number(facts.get(`${prefix}bn1.eps`) ?? 1e-5);
  if (epsilon !== 1e-5 && epsilon > 0) {
    hints.epsilon = epsilon;
    notes.push(`the saved model has batch norms with epsilon ${epsilon}`);
  }
  const classOf = (...modules: readonly string[]) => {
    const name = textFact(facts, ...modules.map((module) => `${prefix}${module}.__class__`));
    return name?.slice(name.lastIndexOf('.') + 1);
  };
  const kind = classOf('layer1.0.relu', 'layer1.0.act1', 'layer1.0.act', 'relu', 'act1', 'act');
  if (kind !== undefined && kind !== 'ReLU') {
    hints.activation = kind;
    notes.push(`the saved model's activation is ${kind}`);
  }
  const pool = classOf('maxpool');
  if (pool === 'MaxPool2d' || pool === 'Identity') hints.stemPool = pool === 'MaxPool2d';
}
