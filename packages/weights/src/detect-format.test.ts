import { expect, test } from 'vitest';
import { sourceFromBytes } from './byte-source.ts';
import { detectFormat } from './detect-format.ts';
import { WeightsFormatError } from './weights-format-error.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

test.each([
  ['safetensors', '\x02\0\0\0\0\0\0\0{}'],
  ['zip', 'PK\x03\x04'],
  ['pickle', '\x80\x02}.'],
  ['pickle', '\x80\x05}.'],
  ['pickle', '(dp0\n.'],
  ['pickle', '}q\0.'],
  ['tar', `${'\0'.repeat(257)}ustar`],
  ['hdf5', '\x89HDF\r\n\x1a\n'],
])('%s by its first bytes', async (format, text) => {
  expect(await detectFormat(sourceFromBytes(bytesOf(text)))).toBe(format);
});

// The first bytes of real files: torch.onnx.export, tflite_convert, flax.serialization, tf.saved_model.save, coremltools.
test.each([
  [
    'an ONNX model of PyTorch',
    '\x08\x07\x12\x07pytorch\x1a\x051.13',
    'got an ONNX model, a graph that needs an ONNX runtime; save the weights with torch.save(model.state_dict(), path) of the network that it was exported from',
  ],
  ['an ONNX model without a producer', '\x08\x08\x3a\x9f\x01\x0a', 'an ONNX model'],
  ['TFLite', '\x1c\0\0\0TFL3', 'a TensorFlow Lite model'],
  ['Flax', '\x82\xa6params\x81', 'a MessagePack file, as Flax writes; load it in Python'],
  ['a SavedModel', '\x08\x01\x12\x9a\x80\x01\x0a', 'a TensorFlow SavedModel or frozen graph'],
  ['a frozen graph', '\x0a\x20\x0a\x05input\x12\x0bPlaceholder', 'a TensorFlow SavedModel or frozen graph'],
  ['Core ML', '\x08\x04\x12\x9a\x02\x0a\x1e\x0a\x05image', 'a Core ML model'],
  ['GGUF', 'GGUF\x03', 'a GGUF file'],
  ['OpenVINO', '<?xml version="1.0"?>\n<net name="r18" version="11">', 'the XML of an OpenVINO model'],
  ['gzip', '\x1f\x8b\x08', 'a gzip file (.gz, .tar.gz); unpack it and pass the weights file in it'],
  ['xz', '\xfd7zXZ\0', 'an xz file; unpack it'],
  ['bzip2', 'BZh91AY', 'a bzip2 file; unpack it'],
  ['zstd', '\x28\xb5\x2f\xfd', 'a zstd file; unpack it'],
  ['7z', '7z\xbc\xaf\x27\x1c', 'a 7z archive; unpack it'],
  ['RAR', 'Rar!\x1a\x07', 'a RAR archive; unpack it'],
  [
    'an LFS pointer',
    'version https://git-lfs.github.com/spec/v1\noid',
    'a Git LFS pointer; fetch the file itself with git lfs pull',
  ],
  ['a web page', '<!DOCTYPE html><html>', 'a web page; the download address gave a page'],
  ['a web page after spaces', '\n\n  <html>', 'a web page'],
  ['an index of shards', '{"metadata": {}, "weight_map": {', 'an index that lists shards; pass the folder'],
  ['JSON', '{ "architectures": []}', 'JSON text; pass the weights file that it belongs to'],
  ['a text', 'https://example.com/model.pth\n', 'a text; pass the weights file itself'],
  ['a PNG', '\x89PNG\r\n', 'a PNG picture'],
  ['a JPEG', '\xff\xd8\xff\xe0', 'a JPEG picture'],
  ['zeros', '\0'.repeat(600), 'bytes that are all zero; the download failed'],
  ['noise', '\x91\x02\x03\x04', 'a file of no kind that is known (it begins with 91 02 03 04); save the weights'],
])('%s is named, with what to do', async (_, text, says) => {
  const error = await detectFormat(sourceFromBytes(bytesOf(text), 'file')).catch((caught: unknown) => caught);
  expect(WeightsFormatError.isInstance(error) && error.code).toBe('not-weights');
  expect((error as Error).message).toContain(says);
});

test('an empty file is named', async () => {
  await expect(detectFormat(sourceFromBytes(new Uint8Array(0)))).rejects.toThrow('got an empty file; fetch it again');
});
