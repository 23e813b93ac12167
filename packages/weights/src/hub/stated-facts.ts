import type { HuggingFaceConfig, TimmConfig } from '@residual/vision';
import type { PublishedWeights } from '../catalogue/published-weights.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { WeightsSourceError } from '../weights-source-error.ts';
import type { FileFolder } from './file-folder.ts';
import { isHuggingFaceResNet, readHuggingFaceConfig } from './hugging-face-config.ts';
import { isObject, type JsonObject, textOf } from './json-file.ts';
import type { Preprocessing, StatedArchitecture } from './loaded-weights.ts';
import { isTimmConfig, readTimmConfig } from './timm-config.ts';

/** What the configurations beside weights say of them. */
export interface StatedFacts {
  readonly model: string | undefined;
  readonly architecture: StatedArchitecture;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: readonly string[] | undefined;
  /** For people: what was taken, and what was not. */
  readonly notes: readonly string[];
}

/** What a `config.json` says of a residual network. */
export interface ConfigFacts {
  readonly model: string | undefined;
  readonly architecture: StatedArchitecture;
  readonly labels: readonly string[] | undefined;
  /** timm's, which is in the same file. */
  readonly preprocessing: TimmConfig | undefined;
  /** For people, in a few words each. */
  readonly said: readonly string[];
}

/**
 * Reads `config.json` and `preprocessor_config.json` beside weights; timm's has everything in one, transformers' in two. Of
 * published weights the catalogue knows the model, and how timm's are prepared, better.
 *
 * @throws WeightsFormatError (`unsupported`) for an architecture that has the names of another and cannot be built here.
 * @throws HubError where the hub has them but does not give them.
 */
export async function readStatedFacts(
  folder: FileFolder,
  published: PublishedWeights | undefined,
): Promise<StatedFacts> {
  const notes: string[] = [];
  const known: Preprocessing | undefined = published && { kind: 'preset', preset: published.preset };
  const config = await readBeside(folder, 'config.json', notes);
  const facts = config && readConfig(folder.nameOf('config.json'), config);
  if (facts !== undefined && published === undefined) notes.push(`config.json: ${facts.said.join(', ')}`);
  const other = facts === undefined && config !== undefined ? otherArchitecture(config) : undefined;
  if (other !== undefined)
    notes.push(`config.json: of ${other}, which is not timm's nor a ResNet of transformers; not used`);
  const timm: Preprocessing | undefined = facts?.preprocessing && { kind: 'timm', config: facts.preprocessing };
  const processor =
    timm || other !== undefined ? undefined : await readBeside(folder, 'preprocessor_config.json', notes);
  return {
    model: published?.model ?? facts?.model,
    architecture: facts?.architecture ?? {},
    preprocessing: timm ? (known ?? timm) : processor ? preprocessingOf(processor) : known,
    labels: facts?.labels,
    notes,
  };
}

/** A configuration that cannot be read is none; where it comes from the hub, the download fails already. */
async function readBeside(folder: FileFolder, file: string, notes: string[]): Promise<JsonObject | undefined> {
  try {
    return await folder.readJson(file);
  } catch (error) {
    if (!WeightsFormatError.isInstance(error) && !WeightsSourceError.isInstance(error)) throw error;
    notes.push(`${error.message}; not used`);
    return undefined;
  }
}

function readConfig(name: string, config: JsonObject): ConfigFacts | undefined {
  if (isTimmConfig(config)) return readTimmConfig(name, config);
  return isHuggingFaceResNet(config) ? readHuggingFaceConfig(name, config) : undefined;
}

/** What a configuration that is no residual network's is of; `undefined` for one that says nothing of networks. */
function otherArchitecture(config: JsonObject): string | undefined {
  const { architectures, model_type: type } = config;
  return textOf(type) ?? (Array.isArray(architectures) ? textOf(architectures[0]) : undefined);
}

function preprocessingOf(processor: JsonObject): Preprocessing {
  // transformers' processor of timm's models has timm's fields in a field of its own.
  const timm = processor['data_config'];
  if (isObject(timm)) return { kind: 'timm', config: timm as unknown as TimmConfig };
  return { kind: 'huggingface', config: processor as HuggingFaceConfig };
}
