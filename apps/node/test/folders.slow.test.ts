import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { randomVars } from '@residual/blocks';
import { createModel } from '@residual/resnet/registry';
import { requirement } from '@residual/testing';
import { recipes } from '@residual/train';
import { writeSafetensors } from '@residual/weights';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { residual } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'residual folders '));
const main = resolve(import.meta.dirname, '../dist/main.js');
const flags = ['--model', 'resnet20', '--weights', 'w.safetensors', '--device', 'wasm'];
const isWindows = process.platform === 'win32';

const png = (background: string): Promise<Buffer> =>
  sharp({ create: { width: 40, height: 40, channels: 3, background } })
    .png()
    .toBuffer();

function put(name: string, content: Uint8Array | string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

function filesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).file);
}

/** Places of the errors on stderr. */
function placesOf(said: readonly string[]): (string | undefined)[] {
  return said.filter((line) => line.startsWith('residual: ')).map((line) => /^residual: ([^:]+): /.exec(line)?.[1]);
}

beforeAll(async () => {
  await tfjsWasm().use();
  const model = createModel('resnet20', { vars: randomVars({ seed: 1 }) });
  put('w.safetensors', writeSafetensors(await model.stateDict()));
  model.dispose();
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('a folder as people have it', () => {
  const pictures = ['album/a.png', 'album/b.jfif', 'album/below/IMG_1', 'album/below/c.PNG', 'album/notes.txt.bak'];
  const bad = ['album/cut.png', 'album/empty.jpg', 'album/text.jpeg'];

  beforeAll(async () => {
    const picture = await png('#8b3');
    for (const name of [...pictures, 'album/.hidden.png', 'album/.git/x.png']) put(name, picture);
    put('album/cut.png', picture.subarray(0, 40));
    put('album/empty.jpg', '');
    put('album/text.jpeg', 'no picture');
    for (const name of ['album/Thumbs.db', 'album/desktop.ini']) put(name, 'settings');
    for (const name of ['README.md', 'below/a.csv', 'below/b.csv', 'c.zip', 'd', 'e.json'])
      put(`album/${name}`, 'text');
  });

  test.each(['album', 'album/**', 'alb?m', 'album/*'])(
    "each file of '%s' has a row, an error, or is counted",
    async (name) => {
      const { exitCode, stdout, said } = await residual(['classify', name, ...flags, '--json'], { cwd: folder });
      expect(exitCode).toBe(1);
      expect(filesOf(stdout)).toEqual(pictures);
      expect(placesOf(said)).toEqual(bad);
      const others = ['README.md', 'below/a.csv', 'below/b.csv', 'c.zip', 'd'];
      const shown = name === 'alb?m' ? others.map((other) => `album/${other}`) : others;
      // `*` matches no hidden file, as in a shell.
      const hidden = name.endsWith('*') ? '' : '; 1 hidden file is passed over';
      expect(said[0]).toBe(`${name}: 8 pictures; 6 files are none: ${shown.join(', ')} and 1 more${hidden}`);
      expect(said).toHaveLength(4);
    },
  );

  test('a folder of hidden pictures alone says so', async () => {
    for (const name of ['a', 'b']) put(`secret/.${name}.png`, await png('#38b'));
    const { exitCode, said } = await residual(['classify', 'secret', ...flags], { cwd: folder });
    expect(exitCode).toBe(2);
    expect(said).toEqual(['residual: secret: expected pictures, found none; 2 hidden files are passed over']);
  });

  test('a pattern takes what it matches, and no more', async () => {
    const run = async (pattern: string) => {
      const { stdout, said } = await residual(['classify', pattern, ...flags, '--json'], { cwd: folder });
      return [...filesOf(stdout), ...said];
    };
    expect(await run('album/*.png')).toEqual(['album/a.png', expect.stringContaining('residual: album/cut.png: ')]);
    expect(await run('album/**/*.PNG')).toEqual(['album/below/c.PNG']);
    expect(await run('album/*/')).toEqual([
      ...['album/below/IMG_1', 'album/below/c.PNG'],
      'album/*/: 2 pictures; 2 files are none: below/a.csv, below/b.csv',
    ]);
    expect(await run('album/.h*')).toEqual(['album/.hidden.png']);
    expect(await run('album/**/*.csv')).toEqual([
      'residual: album/**/*.csv: expected pictures, found none; 2 files are none: below/a.csv, below/b.csv',
    ]);
    expect(await run('album/*.heic')).toEqual([
      'residual: album/*.heic: expected a pattern that matches files, it matches none',
    ]);
  });

  test.skipIf(isWindows)('links are followed and end, one to nothing is said', async () => {
    const picture = await png('#38b');
    put('linked/a.png', picture);
    put('elsewhere/b.png', picture);
    symlinkSync('../elsewhere', join(folder, 'linked/there'));
    symlinkSync('..', join(folder, 'linked/up'));
    symlinkSync('a.png', join(folder, 'linked/c'));
    symlinkSync('gone.png', join(folder, 'linked/d.png'));
    const { exitCode, stdout, said } = await residual(['classify', 'linked', ...flags, '--json'], { cwd: folder });
    expect(exitCode).toBe(1);
    const found = filesOf(stdout).filter((file) => !file.startsWith('linked/up/'));
    expect(found).toEqual(['linked/a.png', 'linked/c', 'linked/there/b.png']);
    expect(said.join('\n')).toContain('residual: linked/d.png: expected a file or folder, got a link to nothing; mend');
  });

  // macOS and Windows have no such names.
  test.skipIf(process.platform !== 'linux')('a name that is no UTF-8 has its row, as Python has it', async () => {
    mkdirSync(join(folder, 'latin'));
    writeFileSync(Buffer.from(`${folder}/latin/caf\xe9.png`, 'latin1'), await png('#83b'));
    const { exitCode, stdout, said } = await residual(['classify', 'latin', ...flags, '--json'], { cwd: folder });
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
    expect(filesOf(stdout)).toEqual(['latin/caf\udce9.png']);
    const named = await residual(['classify', 'latin/caf\ufffd.png', ...flags], { cwd: folder });
    expect(named.said).toEqual([
      'residual: latin/caf\ufffd.png: expected a name in UTF-8, got other bytes; name its folder instead, or rename it',
    ]);
  });
});

test('a picture that is named several times has as many rows, also after an interruption', async () => {
  for (const [name, color] of Object.entries({ a: '#100', b: '#c80' })) put(`twice/${name}.png`, await png(color));
  put('twice/bad.png', 'no picture');
  // Large enough inputs that an interruption comes before the end.
  const names = Array.from({ length: 20 }, () => ['twice/a.png', 'twice/a.png', 'twice/bad.png', 'twice/b.png']).flat();
  const args = ['embed', ...names, ...flags, '--preset', 'timm224', '--out', 'twice.jsonl'];
  const entries = join(folder, 'twice.jsonl.partial/files.jsonl');
  const done = (): number => (existsSync(entries) ? readFileSync(entries, 'utf8').split('\n').length - 1 : 0);
  const child = spawn(process.execPath, [main, ...args], { cwd: folder });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const ended = new Promise((finish) => child.on('close', finish));
  while (done() < 5 && child.exitCode === null) await new Promise((tick) => setTimeout(tick, 5));
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  const kept = done();
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(names.length);
  const resumed = await residual(args, { cwd: folder });
  expect([resumed.exitCode, resumed.said[0]]).toEqual([1, `twice.jsonl.partial: ${kept} pictures are done; going on`]);
  expect(filesOf(readFileSync(join(folder, 'twice.jsonl'), 'utf8'))).toEqual(
    names.filter((name) => name !== 'twice/bad.png'),
  );
  const errors = placesOf([...said.split('\n'), ...resumed.said]).filter((place) => place !== undefined);
  expect(errors).toEqual(new Array(20).fill('twice/bad.png'));
});

test('evaluate goes on over bad pictures, and says what it leaves out and which class has none', async () => {
  const picture = await png('#8b3');
  for (const name of ['cat/1.png', 'cat/2', 'dog/1.png', 'beside.png']) put(`test/${name}`, picture);
  for (const name of ['cat/3.jpg', 'frog/1.png', 'frog/2.png']) put(`test/${name}`, 'no picture');
  for (const name of ['cat/notes.txt', 'list.csv']) put(`test/${name}`, 'text');
  const args = ['evaluate', '--data', 'folder:test', ...flags];
  const { exitCode, stdout, said } = await residual([...args, '--json'], { cwd: folder });
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ total: 3, unusable: 3 });
  expect(said.filter((line) => !line.startsWith('residual: '))).toEqual([
    'test: 6 pictures; 2 files are none: cat/notes.txt, list.csv',
    "test: 1 picture left out, of no class's folder: beside.png",
  ]);
  expect(placesOf(said)).toEqual(['test/cat/3.jpg', 'test/frog/1.png', 'test/frog/2.png', 'test/frog']);
  expect(said.at(-1)).toContain(
    'test/frog: expected pictures that can be used, got 2 pictures of which none can; mend',
  );
  const text = await residual(args, { cwd: folder });
  expect(text.stdout).toMatch(/^\d of 3 pictures right: .* %; 3 more not to be used\n/);
  mkdirSync(join(folder, 'test/horse'));
  const empty = await residual(args, { cwd: folder });
  expect([empty.exitCode, empty.said.at(-1)]).toEqual([
    2,
    'residual: test/horse: expected pictures, got none; remove the folder or fill it',
  ]);
});

describe.skipIf(!requirement('native'))('fine-tune', () => {
  const tune = (data: string, out: string) => {
    const device = ['--device', 'native', '--threads', '1', '--bn', 'train'];
    const recipe = ['--recipe', 'small.json', '--weights', 'w.safetensors', '--model', 'resnet20'];
    const source = ['--data', `folder:${data}`, '--out', out];
    return residual(['fine-tune', ...source, ...recipe, ...device, '--json'], { cwd: folder });
  };

  beforeAll(async () => {
    const size = { sizePx: 32, batchSize: 4, augment: [{ randomCrop: { sizePx: 32 } }] };
    put('small.json', JSON.stringify({ ...recipes()['fine-tuning'], ...size, epochs: 2 }));
    for (const [name, color] of Object.entries({ moss: '#16', sand: '#ca' })) {
      for (let index = 0; index < 10; index++) {
        const picture = await png(`${color}${index}`);
        for (const data of ['good', 'mixed']) put(`${data}/${name}/${index}.png`, picture);
      }
      const damaged = (await png('#555')).subarray(0, 50);
      for (const file of ['00.png', '3b.jpg', '9z.png']) put(`mixed/${name}/${file}`, damaged);
    }
    put('mixed/sand/notes.txt', 'text');
  });

  test('over bad pictures it gives the weights of a folder without them, says them before and in the report', async () => {
    const [good, mixed] = [await tune('good', 'good-run'), await tune('mixed', 'mixed-run')];
    expect([good.exitCode, mixed.exitCode]).toEqual([0, 1]);
    const names = ['moss', 'sand'].flatMap((name) => ['00.png', '3b.jpg', '9z.png'].map((file) => `${name}/${file}`));
    expect(placesOf(mixed.said)).toEqual(names.map((name) => join(folder, 'mixed', name)));
    const told = mixed.said.indexOf(`${join(folder, 'mixed')}: 20 pictures; 6 more pictures left out`);
    expect(mixed.said.findIndex((line) => line.startsWith('epoch 1'))).toBeGreaterThan(told);
    expect(told).toBeGreaterThan(0);
    expect(mixed.said).toContain(`${join(folder, 'mixed')}: 26 pictures; 1 file is none: sand/notes.txt`);
    const [own, same] = [good, mixed].map(({ stdout }) => JSON.parse(stdout));
    expect([own.leftOut, same.leftOut]).toEqual([0, 6]);
    const [weights, sameWeights] = [own, same].map(({ weights }) => readFileSync(join(folder, weights)));
    expect(sameWeights!.equals(weights!)).toBe(true);
    const report = readFileSync(join(folder, 'mixed-run/report.html'), 'utf8');
    expect(report).toContain('6 pictures left out, which could not be used.');
    expect(report).toContain('<td class="text">sand/3b.jpg</td>');
  });

  test('what was left out when it began is when it goes on, whatever has become of it', async () => {
    writeFileSync(join(folder, 'mixed/moss/00.png'), await png('#163'));
    const args = ['fine-tune', '--resume', '--out', 'mixed-run', '--json'];
    const { exitCode, said, stdout } = await residual(args, { cwd: folder });
    expect([exitCode, JSON.parse(stdout).leftOut]).toEqual([1, 6]);
    expect(said).toContain(`${join(folder, 'mixed')}: 20 pictures; 6 more pictures left out, as when the run began`);
  });

  test('a class without a picture that can be used is an error by its name', async () => {
    for (const file of ['1.png', '2.png']) put(`mixed/dust/${file}`, 'no picture');
    const { exitCode, said } = await tune('mixed', 'dust-run');
    expect([exitCode, said.at(-1)]).toEqual([
      2,
      `residual: ${join(folder, 'mixed/dust')}: expected pictures that can be used, got 2 pictures of which none can; mend them or remove the folder`,
    ]);
    expect(existsSync(join(folder, 'dust-run'))).toBe(false);
  });
});

test('forty files of which a third are damaged: each has its row or its error, whatever interrupts', async () => {
  for (const [name, color] of Object.entries({ a: '#5a1', b: '#15a' })) put(`sources/${name}.png`, await png(color));
  const script = resolve(import.meta.dirname, '../../../tooling/stress/damaged-pictures.mjs');
  const options = ['--model', 'resnet20', '--weights', join(folder, 'w.safetensors'), '--preset', 'timm224'];
  const args = [script, join(folder, 'sources'), '--count', '40', '--', ...options];
  const result = await new Promise<{ error: Error | null; stdout: string }>((done) => {
    execFile(process.execPath, args, (error, stdout) => done({ error, stdout }));
  });
  expect(result.stdout).toContain('40 files of seed 1: ');
  expect(result).toMatchObject({ error: null, stdout: expect.stringMatching(/\nall as it should be\n$/) });
});
