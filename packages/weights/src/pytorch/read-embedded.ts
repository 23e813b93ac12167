import { type ByteSource, sourceFromBytes } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { StorageRange } from '../weights-index.ts';
import { FileBytes, type PickleValue, StorageReference } from './pickle-values.ts';
import { readPickledBytes } from './pickled-bytes.ts';
import { readLegacyFile } from './read-legacy-index.ts';
import type { StepBudget } from './step-budget.ts';

const stepsEach = 500; // ResNet-152's tensors and their optimiser's are 3,000

/**
 * Reads what `torch.storage._load_from_bytes` would: a storage, whose bytes stay where they are. Each storage of a
 * state dict that plain `pickle.dump` writes is such a file of `torch.save` in the pickle; there are none inside them.
 *
 * @throws WeightsFormatError where the bytes are no file of `torch.save`, or hold another inside them.
 */
export async function readEmbedded(
  source: ByteSource,
  bytes: FileBytes | Uint8Array,
  budget: StepBudget,
): Promise<PickleValue> {
  const isPlain = bytes instanceof FileBytes && bytes.kind === 'bytes';
  const inner = isPlain ? part(source, bytes) : sourceFromBytes(await readPickledBytes(source, bytes), source.name);
  budget.spend(stepsEach + Math.ceil(inner.sizeBytes / 1024));
  if (source instanceof EmbeddedSource) throw nested(source);
  const { value, locate } = await readLegacyFile(new EmbeddedSource(inner), budget);
  if (!(value instanceof StorageReference)) return value;
  const { offset, sizeBytes } = locate(value);
  const range: StorageRange = isPlain
    ? { offset: bytes.offset + offset, sizeBytes }
    : {
        sizeBytes,
        read: async () => (await readPickledBytes(source, bytes)).subarray(offset, offset + sizeBytes),
      };
  return new StorageReference(value.key, value.type, value.size, value.viewOffset, range);
}

/** A file that lies inside of another. */
class EmbeddedSource implements ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #inner: ByteSource;

  constructor(inner: ByteSource) {
    this.name = inner.name;
    this.sizeBytes = inner.sizeBytes;
    this.#inner = inner;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#inner.read(offset, length);
  }
}

function part(source: ByteSource, { offset, sizeBytes }: FileBytes): ByteSource {
  return { name: source.name, sizeBytes, read: (at, length) => source.read(offset + at, length) };
}

function nested(source: ByteSource): WeightsFormatError {
  return new WeightsFormatError('unsupported', source.name, 'expected one file inside the pickle, got files in files');
}
