import type { HuggingFaceConfig, TimmConfig } from '@residual/vision';
import { type ByteSource, sourceFromBlob, sourceFromBytes } from '../byte-source.ts';
import { weightsOfRepo } from '../catalogue/catalogue.ts';
import { licenceNote } from '../catalogue/licences.ts';
import type { PublishedWeights } from '../catalogue/published-weights.ts';
import { type ReadStateDictResult, readStateDict } from '../read-state-dict.ts';
import { readTensors } from '../read-tensors.ts';
import { readWeightsIndex } from '../read-weights-index.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { fileNameOf, shownUrl } from './address.ts';
import { downloadFile, type FileRequest } from './download-file.ts';
import { type Hub, toHub } from './hub.ts';
import { HubError } from './hub-error.ts';
import type { HubOptions } from './hub-options.ts';
import {
  describeRepo,
  fileUrl,
  type HuggingFaceRepo,
  parseHuggingFaceReference,
  readRepoJson,
  weightsFileOf,
} from './hugging-face-repo.ts';
import type { LoadedWeights, Preprocessing } from './loaded-weights.ts';
import { ProgressReporter } from './progress-reporter.ts';
import type { StoredFile } from './weights-cache.ts';

/**
 * Weights, wherever they are: the catalogue's (`getWeights('resnet50')`), `hf:owner/name[@revision]`, an address, bytes, a
 * Blob or File, and where there are paths (see `hubFromEnvironment` of `@residual/weights/node`) a path.
 */
export type WeightsReference = PublishedWeights | string | URL | Blob | Uint8Array | ByteSource;

/** What is known of weights beside their tensors. */
type Facts = Omit<LoadedWeights, keyof ReadStateDictResult>;

/**
 * Loads weights by name: downloads and checks what is not in the cache, and reads tensor by tensor. What the publisher says
 * of them comes along; a licence that is not permissive is in the `notes`.
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
  if (from instanceof Blob) return fromSource(sourceFromBlob(from), options);
  if (from instanceof Uint8Array) return fromSource(sourceFromBytes(from), options);
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
  const { repo: name, revision } = parseHuggingFaceReference(reference);
  const published = weightsOfRepo(name);
  const progress = new ProgressReporter(published?.id ?? name, options.onProgress);
  const repo = await describeRepo(name, revision, hub, progress);
  const file = weightsFileOf(repo);
  const stated = await readFacts(repo, published, hub, progress);
  const facts: Facts = {
    ...stated,
    source: reference,
    published,
    licence: repo.licence ?? published?.licence,
    sha256: undefined,
  };
  const { sizeBytes, sha256 } = repo.files.get(file)!;
  const wanted = { url: fileUrl(repo, file, hub), isImmutable: true, sizeBytes, sha256 };
  const loaded = await fromDownload(wanted, facts, { hub, options, progress });
  const note = licenceNote(facts.licence);
  return note === undefined ? loaded : { ...loaded, notes: [`${reference}: ${note}`, ...loaded.notes] };
}

type StatedFacts = Pick<LoadedWeights, 'model' | 'preprocessing' | 'labels'>;

/** What a repository's configurations say; timm's has everything in one, transformers' in two. */
async function readFacts(
  repo: HuggingFaceRepo,
  published: PublishedWeights | undefined,
  hub: Hub,
  progress: ProgressReporter,
): Promise<StatedFacts> {
  const fallback: Preprocessing | undefined = published && { kind: 'preset', preset: published.preset };
  const config = (await readRepoJson(repo, 'config.json', hub, progress)) ?? {};
  const timm = config['pretrained_cfg'];
  if (typeof timm === 'object' && timm !== null) {
    const preprocessing = fallback ?? { kind: 'timm', config: timm as TimmConfig };
    return { model: published?.model ?? textOf(config['architecture']), preprocessing, labels: undefined };
  }
  const processor = await readRepoJson(repo, 'preprocessor_config.json', hub, progress);
  return {
    model: published?.model,
    preprocessing: processor ? { kind: 'huggingface', config: processor as HuggingFaceConfig } : fallback,
    labels: labelsOf(config['id2label']),
  };
}

interface Download {
  readonly hub: Hub;
  readonly options: HubOptions;
  readonly progress: ProgressReporter;
}

async function fromDownload(wanted: FileRequest, facts: Facts, download: Download): Promise<LoadedWeights> {
  const { hub, options, progress } = download;
  const isChecked = wanted.sha256 !== undefined;
  const file = await downloadFile({ ...wanted, check: isChecked ? readWeightsIndex : readAll }, hub, progress);
  try {
    const dict = await readStateDict(named(file, facts.source), readOptions(options));
    progress.ready();
    return { ...facts, ...dict, sha256: file.info.sha256 };
  } catch (error) {
    // Bytes that cannot be read are not worth keeping.
    if (WeightsFormatError.isInstance(error)) await hub.cache.delete(wanted.url);
    throw error;
  } finally {
    await file.close();
  }
}

/** Reads every tensor, and so every checksum that the file itself has. */
async function readAll(source: ByteSource): Promise<void> {
  const { stateDicts } = await readWeightsIndex(source);
  for (const { tensors } of stateDicts) for await (const [name] of readTensors(source, tensors)) void name;
}

function named(file: StoredFile, source: string): ByteSource {
  return { name: source, sizeBytes: file.sizeBytes, read: (offset, length) => file.read(offset, length) };
}

async function fromSource(source: ByteSource, options: HubOptions): Promise<LoadedWeights> {
  const dict = await readStateDict(source, readOptions(options));
  return { ...unknownFacts(), source: source.name, ...dict };
}

async function fromPath(path: string, options: HubOptions): Promise<LoadedWeights> {
  if (options.openPath === undefined) {
    const text =
      'expected weights of the catalogue, hf:owner/name, an http(s) address or a File; there are no paths here';
    throw new HubError('bad-reference', path, text);
  }
  const file = await options.openPath(path);
  try {
    return await fromSource(file, options);
  } finally {
    await file.close();
  }
}

function unknownFacts(): Omit<Facts, 'source'> {
  return {
    published: undefined,
    model: undefined,
    preprocessing: undefined,
    labels: undefined,
    licence: undefined,
    sha256: undefined,
  };
}

function readOptions({ signal }: HubOptions): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `id2label` as a list; `undefined` where it does not name the classes from 0 on. */
function labelsOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const names = value as Readonly<Record<string, unknown>>;
  const labels = Object.keys(names).map((_, index) => names[String(index)]);
  const isList = labels.length > 0 && labels.every((label) => typeof label === 'string');
  return isList ? (labels as string[]) : undefined;
}
