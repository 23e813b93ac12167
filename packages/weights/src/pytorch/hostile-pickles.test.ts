import { expect, test } from 'vitest';
import { sourceFromBytes } from '../byte-source.ts';
import { readWeightsIndex } from '../read-weights-index.ts';
import { WeightsFormatError } from '../weights-format-error.ts';

/** A pickle of opcodes and operands, one character a byte. */
const pickle = (body: string) => Uint8Array.from(`\x80\x04${body}.`, (char) => char.charCodeAt(0));
const text = (value: string) => `\x8c${String.fromCharCode(value.length)}${value}`;
const uint32 = (value: number) => String.fromCharCode(...new Uint8Array(Uint32Array.of(value).buffer));

async function codeOf(bytes: Uint8Array): Promise<string> {
  const error = await readWeightsIndex(sourceFromBytes(bytes)).catch((caught: unknown) => caught);
  if (!WeightsFormatError.isInstance(error)) throw error;
  return error.code;
}

const module = 'cpeople\nNet\n)\x81';

test.each([
  ['references of references', `]${Array.from({ length: 60 }, () => '\x94h\x00\x86').join('')}`, 'no-tensors'],
  ['a list that holds itself', ']q\x00h\x00a', 'no-tensors'],
  ['a dict that holds itself', `}q\x00${text('a')}h\x00s`, 'no-tensors'],
  ['an object that is its own state', `${module}q\x00h\x00b`, 'no-tensors'],
  ['an object that holds itself in its attributes', `${module}q\x00}${text('a')}h\x00sb`, 'no-tensors'],
  ['nesting of a million levels', `)${'\x85'.repeat(1_000_000)}`, 'no-tensors'],
  ['five million steps', 'N'.repeat(5_000_000), 'too-large'],
  [
    'arguments that hold themselves, of a function that calls another',
    'ctorch._tensor\n_rebuild_from_type_v2\nq\x00]q\x01(h\x00Nh\x01eh\x01R',
    'corrupt',
  ],
  [
    'a module that is its own child',
    `${module}q\x00}q\x01(${text('_parameters')}}${text('_modules')}}${text('a')}h\x00sub`,
    'too-large',
  ],
  [
    'modules that share all their children, 60 levels deep',
    Array.from({ length: 60 }, (_, level) => {
      const child =
        level === 0
          ? ''
          : `(${text('a')}h${String.fromCharCode(level - 1)}${text('b')}h${String.fromCharCode(level - 1)}u`;
      return `${module}q${String.fromCharCode(level)}}(${text('_parameters')}}${text('_modules')}}${child}ub`;
    }).join('0'),
    'too-large',
  ],
  ['a number of an extension registry', '\x82\x01', 'unsupported'],
  ['a buffer outside the pickle', '\x97', 'unsupported'],
  ['protocol 6', '\x80\x06N', 'unsupported'],
  ['bytes of 2^63', `\x8e${'\xff'.repeat(7)}\x7f`, 'truncated'],
  ['a text of 4 GB', `X${uint32(0xffffffff)}`, 'truncated'],
  ['an integer of a megabyte', `\x8b${uint32(1_000_000)}${'\x01'.repeat(1_000_000)}`, 'unsupported'],
  ['a memo that is not set', 'h\x07', 'corrupt'],
])('%s: ends, with a reason', async (_, body, code) => {
  expect(await codeOf(pickle(body))).toBe(code);
});

test('a file inside of files, a hundred thousand times, is refused', async () => {
  const inner = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02N.\x80\x02].';
  const file = `C${String.fromCharCode(inner.length)}${inner}`;
  const load = 'ctorch.storage\n_load_from_bytes\nq\x00';
  expect(await codeOf(pickle(`${load}${file}\x85q\x01${'h\x00h\x01R0'.repeat(100_000)}N`))).toBe('too-large');
});

test.each([
  'os\nsystem',
  'posix\nsystem',
  'nt\nsystem',
  'subprocess\nPopen',
  'builtins\neval',
  'builtins\nexec',
  '__builtin__\nexecfile',
  'builtins\n__import__',
  'importlib\nimport_module',
  'runpy\nrun_path',
  'sys\nexit',
  'socket\nsocket',
  'shutil\nrmtree',
  'ctypes\nCDLL',
  'pickle\nloads',
  '_pickle\nloads',
  'torch\nload',
  'torch.hub\nload',
  'webbrowser\nopen',
])('%j is refused by name, called or not', async (name) => {
  const source = sourceFromBytes(pickle(`}${text('x')}c${name}\ns`));
  await expect(readWeightsIndex(source)).rejects.toThrow(`asks for ${name.replace('\n', '.')}, which is not run`);
});

test('names that only look like those are placeholders', async () => {
  for (const name of [
    'posixpath\njoin',
    'systems\nrun',
    'torch.loaders\nLoader',
    'builtins\ngetattr',
    'codecs\nopen',
  ]) {
    expect(await codeOf(pickle(`c${name}\n)R`)), name).toBe('no-tensors');
  }
});

test('long names in modules within modules are refused before they multiply', async () => {
  const name = `X${uint32(60_000)}${'n'.repeat(60_000)}`;
  const chain = Array.from({ length: 40 }, (_, level) => {
    const child = level === 0 ? '' : `(h\xf0h${String.fromCharCode(level - 1)}u`;
    return `${module}q${String.fromCharCode(level)}}(${text('_parameters')}}(h\xf0NuX${uint32(8)}_modules}${child}ub`;
  });
  expect(await codeOf(pickle(`${name}q\xf00${chain.join('0')}`))).toBe('too-large');
});
