import { microsoftWeights } from './microsoft-weights.ts';
import type { ImagenetModel, ImagenetWeights, ImagenetWeightsName, PublishedWeights } from './published-weights.ts';
import { chenyaofoWeights, clipWeights, kerasWeights } from './publisher-weights.ts';
import { timmWeights } from './timm-weights.ts';
import { torchvisionWeights } from './torchvision-weights.ts';
import { UnknownWeightsError } from './unknown-weights-error.ts';

/** The name that stands for a model's best weights of its first publisher, as in torchvision. */
export const DEFAULT = 'DEFAULT';

/**
 * Published weights whose model, id (`resnet50/IMAGENET1K_V2`) or repository matches a pattern of `*` and `?`; default all.
 *
 * @see timm `list_models`
 */
export function listWeights(pattern = '*'): PublishedWeights[] {
  const expression = toExpression(pattern);
  return everyWeights().filter(({ model, id, repo }) => [model, id, repo ?? id].some((name) => expression.test(name)));
}

/**
 * The published weights of a model by their publisher's name, whatever its case; `DEFAULT` are torchvision's latest
 * (`IMAGENET1K_V2` where there is one), or timm's default, or the only ones there are.
 *
 * @throws UnknownWeightsError, which lists the names there are.
 * @see torchvision `get_weight`
 */
export function getWeights(model: ImagenetModel, name?: ImagenetWeightsName | typeof DEFAULT): ImagenetWeights;
export function getWeights(model: string, name?: string): PublishedWeights;
export function getWeights(model: string, name: string = DEFAULT): PublishedWeights {
  const ofModel = everyWeights().filter((weights) => weights.model === model);
  if (ofModel.length === 0) {
    throw new UnknownWeightsError(`model '${model}'`, [...new Set(everyWeights().map((weights) => weights.model))]);
  }
  const found = findWeights(model, name);
  if (found !== undefined) return found;
  const known = [DEFAULT, ...ofModel.map((weights) => weights.name)];
  throw new UnknownWeightsError(`weights '${name}' of ${model}`, known);
}

/** As `getWeights`, but `undefined` for what the catalogue does not list, which may be the name of a file. */
export function findWeights(model: string, name: string): PublishedWeights | undefined {
  const ofModel = everyWeights().filter((weights) => weights.model === model);
  if (name.toUpperCase() !== DEFAULT) {
    return ofModel.find((weights) => weights.name.toLowerCase() === name.toLowerCase());
  }
  return ofModel.find((weights) => weights.name === 'IMAGENET1K_V2') ?? ofModel[0];
}

/** The catalogue's entry for a repository of the Hugging Face hub, where it has one. */
export function weightsOfRepo(repo: string): PublishedWeights | undefined {
  return everyWeights().find((weights) => weights.repo === repo);
}

function everyWeights(): PublishedWeights[] {
  const others = [...kerasWeights(), ...clipWeights(), ...chenyaofoWeights()];
  return [...torchvisionWeights(), ...timmWeights(), ...microsoftWeights(), ...others];
}

function toExpression(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'i');
}
