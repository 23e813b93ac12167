import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { fileName, filePath } from './file-name.ts';
import { walkPictures } from './walk-pictures.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'residual walk '));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
});

function put(name: string, content: Uint8Array | string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}

/** Names below the folder; `!` before those with a problem. */
async function names(): Promise<string[]> {
  const { pictures } = await walkPictures(root);
  return pictures.map(({ path, problem }) => `${problem === undefined ? '' : '!'}${path.slice(root.length + 1)}`);
}

test('a file is a picture by its first bytes or its ending; hidden ones and those of file managers are none', async () => {
  for (const name of ['b/no ending', 'b/photo.txt', 'a.png', 'b.JFIF', '.hidden.png', 'b/.HIDDEN.JPG', '.git/c.png'])
    put(name, PNG);
  put('empty.jpg', '');
  put('text.jpeg', 'no picture');
  for (const name of ['Thumbs.db', 'b/desktop.ini', '.DS_Store', '._a.png']) put(name, 'settings');
  put('b/notes.md', 'no picture');
  put('empty', '');
  put('a.zip', 'PK\x03\x04');
  const { pictures, others, hidden } = await walkPictures(root);
  expect(others).toEqual(['a.zip', 'b/notes.md', 'empty']);
  expect(hidden).toBe(2);
  expect((await walkPictures(root, { matches: (name) => name === 'b' })).hidden).toBe(1);
  expect(pictures).toEqual(
    ['a.png', 'b.JFIF', 'b/no ending', 'b/photo.txt', 'empty.jpg', 'text.jpeg'].map((name) => ({
      path: join(root, name),
    })),
  );
});

describe.skipIf(process.platform === 'win32')('links', () => {
  test('are followed, each name is there, and those that go round end', async () => {
    put('a/one.png', PNG);
    put('elsewhere/two.png', PNG);
    symlinkSync('one.png', join(root, 'a/same.png'));
    symlinkSync('../elsewhere', join(root, 'a/there'));
    symlinkSync('..', join(root, 'a/up'));
    symlinkSync('.', join(root, 'a/here'));
    expect(await names()).toEqual(['a/one.png', 'a/same.png', 'a/there/two.png', 'elsewhere/two.png']);
  });

  test('between many folders do not multiply', async () => {
    const folders = Array.from({ length: 9 }, (_, index) => `f${index}`);
    for (const folder of folders) {
      put(`${folder}/p.png`, PNG);
      for (const other of folders) symlinkSync(`../${other}`, join(root, folder, `to-${other}`));
    }
    // Of each folder its own, and below each of its eight links to others at most all.
    const found = await names();
    expect(new Set(found).size).toBe(found.length);
    expect(found.filter((name) => /^f\d\/p\.png$/.test(name))).toHaveLength(9);
    expect(found.length).toBeLessThanOrEqual(9 + 9 * 8 * 9);
  });

  test('to nothing, and to themselves, are problems', async () => {
    symlinkSync('gone', join(root, 'link.png'));
    symlinkSync('self', join(root, 'self'));
    const { pictures } = await walkPictures(root);
    expect(pictures.map(({ problem }) => problem)).toEqual([
      'expected a file or folder, got a link to nothing; mend or remove it',
      'expected a file or folder, got a link to itself; mend or remove it',
    ]);
  });

  test('to pipes, and pipes, are no pictures', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('pipe', join(root, 'link'));
    expect((await walkPictures(root)).others).toEqual(['link', 'pipe']);
  });
});

test.skipIf(process.platform === 'win32')('what may not be read is not lost', async () => {
  put('closed/a.png', PNG);
  put('closed-file', PNG);
  chmodSync(join(root, 'closed'), 0);
  chmodSync(join(root, 'closed-file'), 0);
  onTestFinished(() => chmodSync(join(root, 'closed'), 0o700));
  // Everything may be read by root.
  if (process.getuid?.() === 0) {
    chmodSync(root, 0o755);
    process.seteuid!(65534);
    onTestFinished(() => process.seteuid!(0));
  }
  expect(await names()).toEqual(['!closed', 'closed-file']);
});

test('files that match, and what is below folders that do, are all that is looked at', async () => {
  for (const name of ['a.png', 'b/c.png', 'b/d/e.png', 'b/d/.f.png', '.g.png', 'h/i.png', 'h/j/k/l.png'])
    put(name, PNG);
  put('b/n.txt', 'no picture');
  put('o.txt', 'no picture');
  const asked: string[] = [];
  const among = async (matching: readonly string[], depth?: number): Promise<string[]> => {
    const matches = (name: string): boolean => {
      asked.push(name);
      return matching.includes(name);
    };
    const { pictures, others } = await walkPictures(root, depth === undefined ? { matches } : { matches, depth });
    return [...pictures.map(({ path }) => path.slice(root.length + 1)), ...others];
  };
  expect(await among(['b', '.g.png', 'h/i.png'])).toEqual(['.g.png', 'b/c.png', 'b/d/e.png', 'h/i.png', 'b/n.txt']);
  expect(asked).toContain('h/j/k/l.png');
  asked.length = 0;
  expect(await among(['a.png', 'b/d'], 2)).toEqual(['a.png', 'b/d/e.png']);
  expect(asked).not.toContain('h/j/k');
});

test('a folder that is none is a problem', async () => {
  put('file', 'text');
  const { pictures } = await walkPictures(join(root, 'file'));
  expect(pictures).toEqual([
    {
      path: join(root, 'file'),
      problem: 'expected a folder that can be read, got ENOTDIR; check its permissions',
    },
  ]);
});

describe('names that are no UTF-8', () => {
  const latin1 = Buffer.from('caf\xe9 \xc3\xa4 \xf0\x9f\x98.png', 'latin1');

  test('are those of Python, and find the file again', () => {
    const name = fileName(latin1);
    expect(name).toBe('caf\udce9 ä \udcf0\udc9f\udc98.png');
    expect(filePath(`dir/${name}`)).toEqual(Buffer.concat([Buffer.from('dir/'), latin1]));
    expect([fileName(Buffer.from('a😀\ufffd')), filePath('a😀\ufffd')]).toEqual(['a😀\ufffd', 'a😀\ufffd']);
  });

  // macOS and Windows have no such names.
  test.skipIf(process.platform !== 'linux')('are found, below folders that are called so too', async () => {
    const folder = Buffer.concat([Buffer.from(`${root}/`), latin1]);
    mkdirSync(folder);
    writeFileSync(Buffer.concat([folder, Buffer.from('/'), latin1]), PNG);
    expect(readdirSync(root)[0]).toContain('\ufffd');
    const [found] = (await walkPictures(root)).pictures;
    expect(await readFile(filePath(found!.path))).toEqual(PNG);
  });
});
