import type { FileFolder } from './file-folder.ts';
import { HubError } from './hub-error.ts';
import { textOf } from './json-file.ts';

/** Which file of weights stands for a folder. */
export interface FolderChoice {
  readonly folder: FileFolder;
  readonly file: string;
  /** For people: why this one, where there was a choice. */
  readonly notes: readonly string[];
}

/** transformers' names in its order, then what timm's and PyTorch's training scripts call their best. */
const PREFERRED: readonly string[] = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'model_best.pth.tar',
];

/** Endings of weights: those of the first line that has a file are looked at, and the others are the same in other formats. */
const ENDINGS: readonly RegExp[] = [
  /\.safetensors$/i,
  /\.(pth|pt|bin|ckpt|tar|th|t7|pyth)$/i,
  /\.(h5|hdf5|keras|npz|pkl|pickle|msgpack)$/i,
];

/** What training scripts keep beside the weights. */
const NO_WEIGHTS = /^(optimizer|scheduler|scaler|training_args|rng_state|random_states|trainer_state)\b|^rng_state_\d/i;

/**
 * The file of weights in a folder: `model.safetensors` and other usual names, else the only one that ends like weights,
 * else that of the best or last `checkpoint-*` of a Trainer.
 *
 * @throws HubError (`not-found`) where there is none, or more than one; it lists them.
 */
export async function findWeightsFile(folder: FileFolder): Promise<FolderChoice> {
  const { files, folders } = await folder.list();
  const preferred = PREFERRED.find((name) => files.has(name));
  if (preferred !== undefined) return { folder, file: preferred, notes: [] };
  const names = [...files].filter((name) => !NO_WEIGHTS.test(name)).sort();
  const candidates = ENDINGS.map((ending) => names.filter((name) => ending.test(name))).find(
    ({ length }) => length > 0,
  );
  if (candidates?.length === 1) return { folder, file: candidates[0]!, notes: [] };
  if (candidates !== undefined) {
    const text = `expected one file of weights, got ${listed(candidates)}; name one, as ${folder.nameOf(candidates[0]!)}`;
    throw new HubError('not-found', folder.name, text);
  }
  const steps = [...folders].flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  if (steps.length > 0) return findInCheckpoints(folder, steps);
  const got = listed([...files, ...[...folders].map((name) => `${name}/`)]);
  throw new HubError('not-found', folder.name, `expected a file of weights, got ${got || 'nothing'}; name another`);
}

/** @see https://huggingface.co/docs/transformers/main_classes/trainer (`load_best_model_at_end`) */
async function findInCheckpoints(folder: FileFolder, steps: readonly number[]): Promise<FolderChoice> {
  const last = `checkpoint-${Math.max(...steps)}`;
  const state = await folder.folder(last).readJson('trainer_state.json');
  const best = textOf(state?.['best_model_checkpoint'])?.split(/[/\\]/).pop();
  const isKept = best !== undefined && steps.some((step) => best === `checkpoint-${step}`);
  const name = isKept ? best : last;
  const note = `${folder.name}: took ${name}, the ${isKept ? 'best by trainer_state.json' : 'last'} of ${steps.length}`;
  const choice = await findWeightsFile(folder.folder(name));
  return { ...choice, notes: [note, ...choice.notes] };
}

function listed(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
}
