import type { ByteSource } from './byte-source.ts';
import { startsWith } from './starts-with.ts';

const saveDict = 'save the weights with torch.save(model.state_dict(), path)';

/** What a file is that holds no weights which can be read, by its first bytes, and what to do about it. */
export function describeOther(source: ByteSource, start: Uint8Array): string {
  const found = magics().find(([offset, magic]) => startsWith(start, offset, magic))?.[2];
  if (found !== undefined) return found;
  if (start.every((byte) => byte === 0)) return 'bytes that are all zero; the download failed, fetch it again';
  if (isOnnx(start)) {
    return `an ONNX model, a graph that needs an ONNX runtime; ${saveDict} of the network that it was exported from`;
  }
  if (isMessagePack(start)) {
    return 'a MessagePack file, as Flax writes; load it in Python and write its arrays with numpy.savez or safetensors';
  }
  if (isSavedModel(start)) {
    return 'a TensorFlow SavedModel or frozen graph; save its Keras model as .keras or .h5';
  }
  if (isCoreMl(start)) return 'a Core ML model; use the weights that it was converted from';
  const text = printableText(start);
  if (text !== undefined) return describeText(source, text);
  const bytes = [...start.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `a file of no kind that is known (it begins with ${bytes}); ${saveDict}, or as safetensors`;
}

function magics(): [offset: number, magic: string, what: string][] {
  const unpack = 'unpack it and pass the weights file in it';
  return [
    [0, '\x1f\x8b', `a gzip file (.gz, .tar.gz); ${unpack}`],
    [0, '\xfd7zXZ', `an xz file; ${unpack}`],
    [0, 'BZh', `a bzip2 file; ${unpack}`],
    [0, '\x28\xb5\x2f\xfd', `a zstd file; ${unpack}`],
    [0, '7z\xbc\xaf\x27\x1c', `a 7z archive; ${unpack}`],
    [0, 'Rar!', `a RAR archive; ${unpack}`],
    [0, 'PK\x05\x06', 'an empty zip; fetch it again'],
    [
      4,
      'TFL3',
      'a TensorFlow Lite model, a graph that needs its own runtime; use the weights that it was converted from',
    ],
    [0, 'GGUF', 'a GGUF file of a language model; a ResNet comes as .pth or .safetensors'],
    [0, '\x89PNG', 'a PNG picture; pass it as the picture and a weights file as the weights'],
    [0, '\xff\xd8\xff', 'a JPEG picture; pass it as the picture and a weights file as the weights'],
    [0, 'GIF8', 'a GIF picture; pass a weights file'],
    [0, 'RIFF', 'a picture or sound (RIFF); pass a weights file'],
    [0, '%PDF', 'a PDF; pass a weights file'],
    [0, 'version https://git-lfs', 'a Git LFS pointer; fetch the file itself with git lfs pull'],
    [0, '\0\0\x06\x08\x01\x1a\x02\x08', 'the index of a TensorFlow checkpoint; save its Keras model as .keras or .h5'],
    [0, '\x12\x01\0\0\0\0\0\0', 'an MXNet parameter file; load it in Python and write its arrays with numpy.savez'],
    [0, 'MATLAB ', 'a MATLAB file; load it in Python and write its arrays with numpy.savez'],
    [0, '\x7fELF', 'a program; pass a weights file'],
    [0, 'MZ', 'a program; pass a weights file'],
  ];
}

/** The protobuf of an ONNX model: `ir_version`, then the producer's name, or the graph or the operators' versions. */
function isOnnx(start: Uint8Array): boolean {
  if (start[0] !== 0x08 || start[1]! === 0 || start[1]! > 20) return false;
  if (start[2] === 0x3a || start[2] === 0x42) return true;
  const length = start[3] ?? 0;
  const name = start.subarray(4, 4 + length);
  return start[2] === 0x12 && length > 0 && length < 64 && name.every((byte) => byte >= 0x20 && byte < 0x7f);
}

/** The protobuf of a Core ML model: its version, then a description of its inputs. */
function isCoreMl(start: Uint8Array): boolean {
  return start[0] === 0x08 && start[1]! > 1 && start[1]! < 20 && start[2] === 0x12 && start.indexOf(0x0a, 3) < 7;
}

/** A map with a text as its first key. */
function isMessagePack(start: Uint8Array): boolean {
  const [first = 0] = start;
  const key = first >= 0x81 && first <= 0x8f ? 1 : first === 0xde ? 3 : first === 0xdf ? 5 : -1;
  const head = start[key] ?? 0;
  return key > 0 && ((head >= 0xa1 && head <= 0xbf) || head === 0xd9);
}

/** The protobuf of a SavedModel (`saved_model_schema_version` 1, `meta_graphs`), or of a graph: a node's name and kind. */
function isSavedModel(start: Uint8Array): boolean {
  if (start[0] === 0x08 && start[1] === 0x01 && start[2] === 0x12) return true;
  const at = start[1]! < 0x80 ? 2 : 3;
  return start[0] === 0x0a && start[at] === 0x0a && start[at + 2 + (start[at + 1] ?? 0)] === 0x12;
}

function printableText(start: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(start).replace(/\ufffd$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a text has none of
  return /[\x00-\x08\x0e-\x1f\ufffd]/.test(text) ? undefined : text.replace(/^\ufeff/, '').trimStart();
}

function describeText(source: ByteSource, text: string): string {
  if (/^<\?xml[^>]*>\s*<net\b|^<net\b/.test(text)) {
    return 'the XML of an OpenVINO model; use the weights that it was converted from';
  }
  if (text.startsWith('<')) return 'a web page; the download address gave a page in place of the file, check it';
  if (text.startsWith('{') && (text.includes('"weight_map"') || source.name.endsWith('.index.json'))) {
    return 'an index that lists shards; pass the folder that it and the shards are in';
  }
  if (text.startsWith('{') || text.startsWith('[')) return 'JSON text; pass the weights file that it belongs to';
  return 'a text; pass the weights file itself';
}
