import { type ByteSource, sourceFromBlob, sourceFromBytes } from '../byte-source.ts';
import { weightsOfRepo } from '../catalogue/catalogue.ts';
import { licenceNote } from '../catalogue/licences.ts';
import type { PublishedWeights } from '../catalogue/published-weights.ts';
import { type ReadStateDictOptions, type ReadStateDictResult, readIndexed, readStateDict } from '../read-state-dict.ts';
import { readWeightsIndex } from '../read-weights-index.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { fileNameOf, shownUrl } from './address.ts';
import type { FileRequest } from './download-file.ts';
import type { FileFolder, OpenedFile } from './file-folder.ts';
import { type Hub, toHub } from './hub.ts';
import { HubError } from './hub-error.ts';
import type { HubOptions, LocatedFile } from './hub-options.ts';
import { describeRepo, parseHuggingFaceReference } from './hugging-face-repo.ts';
import type { LoadedWeights } from './loaded-weights.ts';
import { openDownload } from './open-download.ts';
import { PickedFolder } from './picked-folder.ts';
import { ProgressReporter } from './progress-reporter.ts';
import { RepoFolder } from './repo-folder.ts';
import { findShards, joinShards, type Shard, type ShardIndex } from './shards.ts';
import { readStatedFacts } from './stated-facts.ts';
import { findWeightsFile } from './weights-in-folder.ts';

/**
 * Weights, wherever they are: the catalogue's (`getWeights('resnet50')`), `hf:owner/name[/path][@revision]`, an address, bytes,
 * a Blob or File, the files of a folder that was picked in a page, and where there are paths (see `hubFromEnvironment` of `@residual/weights/node`) that of a file or a folder.
 */
export type WeightsReference =
  | PublishedWeights
  | string
  | URL
  | Blob
  | readonly File[]
  | Uint8Array
  | ArrayBuffer
  | ByteSource;

/** What is known of weights beside their tensors. */
type Facts = Omit<LoadedWeights, keyof ReadStateDictResult>;

/**
 * Loads weights by name: downloads and checks what is not in the cache, and reads tensor by tensor. What the publisher says
 * of them comes along, and so does what lies beside a file: `config.json`, `preprocessor_config.json`, the other shards of an
 * index. A folder stands for the weights in it. A licence that is not permissive is in the `notes`.
 *
 * @throws HubError where they cannot be had.
 * @throws WeightsFormatError for a file that is damaged, not weights, or asks for code.
 * @throws WeightsSourceError where a path cannot be read.
 */
export async function loadWeights(from: WeightsReference, options: HubOptions = {}): Promise<LoadedWeights> {
  const notes: string[] = [];
  const hub = toHub(options, (note) => notes.push(note));
  options.signal?.throwIfAborted();
  const loaded = await load(from, hub, options);
  return { ...loaded, notes: [...notes, ...loaded.notes] };
}

function load(from: WeightsReference, hub: Hub, options: HubOptions): Promise<LoadedWeights> {
  if (from instanceof URL) return fromUrl(from.href, hub, options);
  if (isFiles(from)) return fromFiles(from, options);
  if (from instanceof Blob) return fromSource(sourceFromBlob(from), options);
  if (from instanceof Uint8Array || from instanceof ArrayBuffer) return fromSource(sourceFromBytes(from), options);
  if (typeof from !== 'string') return 'urls' in from ? fromCatalogue(from, hub, options) : fromSource(from, options);
  if (from.startsWith('hf:')) return fromRepo(from, hub, options);
  if (/^https?:\/\//i.test(from) && URL.canParse(from)) return fromUrl(from, hub, options);
  return fromPath(from, options);
}

async function fromCatalogue(weights: PublishedWeights, hub: Hub, options: HubOptions): Promise<LoadedWeights> {
  if (weights.repo !== undefined) return fromRepo(`hf:${weights.repo}`, hub, options);
  const progress = new ProgressReporter(weights.id, options.onProgress);
  const [url] = weights.urls;
  const facts: Facts = {
    source: weights.id,
    published: weights,
    model: weights.model,
    architecture: {},
    preprocessing: { kind: 'preset', preset: weights.preset },
    labels: undefined,
    licence: weights.licence,
    sha256: undefined,
  };
  return fromDownload({ url, sha256: weights.sha256Prefix, isImmutable: true }, facts, { hub, options, progress });
}

async function fromUrl(address: string, hub: Hub, options: HubOptions): Promise<LoadedWeights> {
  const source = shownUrl(address);
  const progress = new ProgressReporter(source, options.onProgress);
  // As torch.hub: a name such as resnet18-f37072fd.pth tells what the SHA-256 begins with.
  const sha256 = /-([0-9a-f]{8,64})\.\w+$/.exec(fileNameOf(address))?.[1];
  const facts: Facts = { ...unknownFacts(), source };
  const wanted = { url: address, sha256, isImmutable: sha256 !== undefined };
  return fromDownload(wanted, facts, { hub, options, progress });
}

async function fromRepo(reference: string, hub: Hub, options: HubOptions): Promise<LoadedWeights> {
  const { repo: name, path, revision } = parseHuggingFaceReference(reference);
  const published = weightsOfRepo(name);
  const progress = new ProgressReporter(published?.id ?? name, options.onProgress);
  const repo = await describeRepo(name, revision, hub, progress);
  const located = await locateInRepo(new RepoFolder(repo, hub, progress), path);
  const licence = repo.licence ?? published?.licence;
  const loaded = await fromFolder(located, { published, licence }, options);
  progress.ready();
  const note = licenceNote(licence);
  const notes = note === undefined ? loaded.notes : [`${reference}: ${note}`, ...loaded.notes];
  return { ...loaded, source: reference, notes };
}

/** The folder that a path in a repository leads to, and the file where it leads to one. */
async function locateInRepo(root: FileFolder, path: readonly string[]): Promise<LocatedFile> {
  const last = path.at(-1);
  if (last === undefined) return { folder: root, file: undefined };
  const parent = path.slice(0, -1).reduce((folder, name) => folder.folder(name), root);
  const { folders } = await parent.list();
  return folders.has(last) ? { folder: parent.folder(last), file: undefined } : { folder: parent, file: last };
}

async function fromDownload(wanted: FileRequest, facts: Facts, download: Download): Promise<LoadedWeights> {
  const { hub, options, progress } = download;
  const file = await openDownload(wanted, { name: facts.source, hub, progress });
  const { sha256 } = file;
  const dict = await readOpened([file], () => readStateDict(file, readOptions(options)));
  progress.ready();
  return { ...facts, ...dict, sha256 };
}

interface Download {
  readonly hub: Hub;
  readonly options: HubOptions;
  readonly progress: ProgressReporter;
}

/** Reads the weights of a folder, and what lies beside them. */
async function fromFolder(
  located: LocatedFile,
  known: Pick<Facts, 'published' | 'licence'>,
  options: HubOptions,
): Promise<LoadedWeights> {
  const choice =
    located.file === undefined
      ? await findWeightsFile(located.folder)
      : { folder: located.folder, file: located.file, notes: [] };
  const { folder, file } = choice;
  const { notes, ...stated } = await readStatedFacts(folder, known.published);
  const shards = await findShards(folder, file);
  const { dict, sha256 } = await readFiles(folder, shards ?? file, options);
  return {
    ...known,
    ...stated,
    ...dict,
    source: folder.nameOf(file),
    sha256,
    notes: [...choice.notes, ...notes, ...dict.notes],
  };
}

async function readFiles(
  folder: FileFolder,
  file: string | ShardIndex,
  options: HubOptions,
): Promise<{ dict: ReadStateDictResult; sha256: string | undefined }> {
  if (typeof file === 'string') {
    const opened = await folder.open(file);
    const dict = await readOpened([opened], () => readStateDict(opened, readOptions(options)));
    return { dict, sha256: opened.sha256 };
  }
  const opened: OpenedFile[] = [];
  const dict = await readOpened(opened, async () => {
    const shards: Shard[] = [];
    for (const name of file.files) {
      options.signal?.throwIfAborted();
      const source = await folder.open(name);
      opened.push(source);
      shards.push({ file: name, source, index: await readWeightsIndex(source) });
    }
    const { source, index } = joinShards(file, shards);
    return readIndexed(source, index, readOptions(options));
  });
  return { dict, sha256: undefined };
}

/** Does what reads files, and closes them; bytes that cannot be read are not worth keeping. */
async function readOpened<T>(files: readonly OpenedFile[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isDamaged =
      WeightsFormatError.isInstance(error) && ['empty', 'not-weights', 'truncated', 'corrupt'].includes(error.code);
    if (isDamaged) for (const file of files) await file.discard();
    throw error;
  } finally {
    for (const file of files) await file.close();
  }
}

async function fromSource(source: ByteSource, options: HubOptions): Promise<LoadedWeights> {
  const dict = await readStateDict(source, readOptions(options));
  return { ...unknownFacts(), source: source.name, ...dict };
}

function isFiles(from: unknown): from is readonly File[] {
  return Array.isArray(from);
}

function fromFiles(files: readonly File[], options: HubOptions): Promise<LoadedWeights> {
  const located: LocatedFile = { folder: PickedFolder.of(files), file: undefined };
  return fromFolder(located, { published: undefined, licence: undefined }, options);
}

async function fromPath(path: string, options: HubOptions): Promise<LoadedWeights> {
  if (options.locatePath === undefined) {
    const text =
      'expected weights of the catalogue, hf:owner/name, an http(s) address or a File; there are no paths here';
    throw new HubError('bad-reference', path, text);
  }
  return fromFolder(await options.locatePath(path), { published: undefined, licence: undefined }, options);
}

function unknownFacts(): Omit<Facts, 'source'> {
  return {
    published: undefined,
    model: undefined,
    architecture: {},
    preprocessing: undefined,
    labels: undefined,
    licence: undefined,
    sha256: undefined,
  };
}

function readOptions({ signal, entry }: HubOptions): ReadStateDictOptions {
  return { ...(signal && { signal }), ...(entry !== undefined && { entry }) };
}
