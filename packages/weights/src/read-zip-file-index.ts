import type { ByteSource } from './byte-source.ts';
import { oneLine } from './one-line.ts';
import { isTorchZip, readZipIndex } from './pytorch/read-zip-index.ts';
import { WeightsFormatError } from './weights-format-error.ts';
import type { WeightsIndex } from './weights-index.ts';
import { ZipFile } from './zip-file.ts';

/**
 * Indexes what comes as a zip: files of `torch.save`, TorchScript, Keras's `.keras`, NumPy's `.npz`.
 *
 * @throws WeightsFormatError for a zip that is damaged, and for others with what is in them.
 */
export async function readZipFileIndex(source: ByteSource): Promise<WeightsIndex> {
  const zip = await ZipFile.open(source);
  if (isTorchZip(zip)) return readZipIndex(source, zip);
  // Keras 3's.
  if (zip.has('model.weights.h5') && zip.has('config.json')) {
    const { readKerasZipIndex } = await import('./keras/read-keras-zip-index.ts');
    return readKerasZipIndex(source, zip);
  }
  const names = zip.names();
  if (names.length > 0 && names.every((name) => name.endsWith('.npy'))) {
    const { readNpzIndex } = await import('./numpy/read-npz-index.ts');
    return readNpzIndex(source, zip);
  }
  throw new WeightsFormatError('not-weights', source.name, `expected weights, got ${describeZip(zip)}`);
}

function describeZip(zip: ZipFile): string {
  const names = zip.names().filter((name) => !name.endsWith('/') && !name.startsWith('__MACOSX/'));
  const show = (name: string) => oneLine(name, 120);
  const named = (pattern: RegExp) => names.find((name) => pattern.test(name));
  if (names.length === 0) return 'an empty zip; fetch it again';
  if (named(/(^|\/)model\.json$/) && named(/(^|\/)tensors\/\d+$/)) {
    return 'a TorchScript module of torch before 1.4; load it with torch.jit.load and save its state_dict()';
  }
  if (named(/(^|\/)serialized_exported_program\.json$|(^|\/)models\/model\.json$/)) {
    return 'a program of torch.export; load it with torch.export.load and save its state_dict';
  }
  if (named(/(^|\/)saved_model\.pb$/)) {
    return 'a zip of a TensorFlow SavedModel; save its Keras model as .keras or .h5';
  }
  if (named(/\.mlmodel$|(^|\/)Manifest\.json$/)) return 'a zip of a Core ML model; use the weights that it was made of';
  const weights = names.filter((name) =>
    /\.(pth|pt|th|ckpt|bin|pkl|tar|t7|safetensors|h5|hdf5|keras|npz|onnx|tflite)$/i.test(name),
  );
  if (weights.length === 1) return `a zip with ${show(weights[0]!)} in it; unzip it and pass that file`;
  if (weights.length > 1) {
    return `a zip with ${weights.length} weights files in it (${weights.slice(0, 3).map(show).join(', ')}); unzip it and pass one of them`;
  }
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `a zip of ${names.slice(0, 3).map(show).join(', ')}${more}; it holds no weights that torch, NumPy or Keras write`;
}
