import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { wasm } from '@residual/backend-wasm/node';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { randomVars } from '@residual/blocks';
import { createClassifier } from '@residual/classifier';
import { cifarResNetSpec } from '@residual/resnet';
import { createModel } from '@residual/resnet/registry';
import { expectClose } from '@residual/testing';
import { writeSafetensors } from '@residual/weights';
import { readStateDictFile } from '@residual/weights/node';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { EmbeddingJournal } from '../src/embed/embedding-journal.ts';
import { residual } from './run-command.ts';

const COUNT = 60;
const main = resolve(import.meta.dirname, '../dist/main.js');
const flags = ['--model', 'resnet20', '--weights', 'w.safetensors', '--device', 'wasm'];

/** A folder with weights, and with pictures of which one is broken. */
async function prepare(folder: string): Promise<void> {
  mkdirSync(join(folder, 'many'));
  await tfjsWasm().use();
  const model = createModel('resnet20', { vars: randomVars({ seed: 1 }) });
  writeFileSync(join(folder, 'w.safetensors'), writeSafetensors(await model.stateDict()));
  model.dispose();
  for (let i = 0; i < COUNT; i++) {
    const data = Buffer.from(Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => (at * (i + 3)) % 256));
    const raw = { width: 32, height: 32, channels: 3 } as const;
    await sharp(data, { raw })
      .png()
      .toFile(join(folder, 'many', `${String(i).padStart(3, '0')}.png`));
  }
  writeFileSync(join(folder, 'many/007.png'), 'no picture');
}

interface Line {
  readonly file: string;
  readonly embedding: number[];
}

function readLines(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The matrix and the names of a `.npy` file. */
function readNpy(path: string): Line[] {
  const bytes = readFileSync(path);
  const [, count, length] = /'shape': \((\d+), (\d+)\)/.exec(bytes.toString('latin1'))!.map(Number);
  const start = 10 + bytes.readUInt16LE(8);
  expect([bytes.toString('latin1', 0, 6), start % 64]).toEqual(['\x93NUMPY', 0]);
  expect(bytes.length - start).toBe(count! * length! * 4);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
  return readLines(path.replace('.npy', '.files.jsonl')).map(({ file }, row) => ({
    file,
    embedding: Array.from(values.subarray(row * length!, (row + 1) * length!)),
  }));
}

describe('embed', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'residual embed '));
    await prepare(folder);
    return () => rmSync(folder, { recursive: true });
  });

  test('all formats hold the same embeddings, which are the classifier’s; a bad picture is left out', async () => {
    for (const out of ['e.jsonl', 'e.npy', 'e.parquet']) {
      const { exitCode, said } = await residual(['embed', 'many', ...flags, '--out', out], { cwd: folder });
      expect(exitCode).toBe(1);
      expect(said).toHaveLength(2);
      expect(said[0]).toContain('residual: many/007.png: expected JPEG, PNG');
      expect(said[1]).toMatch(/^e\.\w+: 59 pictures, 1 not to be used; [\d.]+ per second$/);
      expect(existsSync(join(folder, `${out}.partial`))).toBe(false);
    }
    const lines = readLines(join(folder, 'e.jsonl'));
    expect(lines.map(({ file }) => file)).not.toContain('many/007.png');
    expect(lines).toHaveLength(COUNT - 1);
    const npy = readNpy(join(folder, 'e.npy'));
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, 'e.parquet')) });
    for (const [index, { file, embedding }] of lines.entries()) {
      expect([npy[index]!.file, rows[index]!['file']]).toEqual([file, file]);
      expect(Float32Array.from(embedding)).toEqual(Float32Array.from(npy[index]!.embedding));
      expect(Float32Array.from(rows[index]!['embedding'])).toEqual(Float32Array.from(npy[index]!.embedding));
    }
    const weights = await readStateDictFile(join(folder, 'w.safetensors'));
    const net = await createClassifier({ model: cifarResNetSpec(20), weights, engines: [wasm()] });
    const last = lines.at(-1)!;
    expectClose(last.embedding, await net.embed(join(folder, last.file)), 1e-6);
    await net.dispose();
  });

  test('killed again and again it goes on, and the file is that of a run that was not', async () => {
    const entries = join(folder, 'k.npy.partial/files.jsonl');
    const done = (): number => (existsSync(entries) ? readFileSync(entries, 'utf8').split('\n').length - 1 : 0);
    // Large enough inputs that each kill comes long before the end.
    const args = ['embed', 'twice', ...flags, '--preset', 'timm224', '--out', 'k.npy'];
    for (const side of ['a', 'b']) cpSync(join(folder, 'many'), join(folder, 'twice', side), { recursive: true });
    const waiting = 2 * COUNT;
    for (let kill = 1; kill <= 3; kill++) {
      const child = spawn(process.execPath, [main, ...args], { cwd: folder });
      const ended = new Promise((finish) => child.on('close', finish));
      const earlier = done();
      while (done() < earlier + 8 && child.exitCode === null) await new Promise((tick) => setTimeout(tick, 5));
      child.kill('SIGKILL');
      await ended;
      expect(child.signalCode).toBe('SIGKILL');
      expect(existsSync(join(folder, 'k.npy'))).toBe(false);
    }
    const kept = done();
    expect(kept).toBeLessThan(waiting);
    const gone = await residual(args, { cwd: folder });
    expect([gone.exitCode, gone.said[0]]).toEqual([1, `k.npy.partial: ${kept} pictures are done; going on`]);
    const names = readdirSync(join(folder, 'many'))
      .filter((name) => name !== '007.png')
      .sort();
    expect(readNpy(join(folder, 'k.npy')).map(({ file }) => file)).toEqual(
      ['a', 'b'].flatMap((side) => names.map((name) => `twice/${side}/${name}`)),
    );
    for (const file of ['k.npy', 'k.files.jsonl']) rmSync(join(folder, file));

    // As a power failure would leave it: entries whose rows are missing, and half an entry.
    await residual(['embed', 'many', ...flags, '--out', 'whole.npy'], { cwd: folder });
    const whole = readNpy(join(folder, 'whole.npy'));
    mkdirSync(join(folder, 'k.npy.partial'), { recursive: true });
    const rows = whole.slice(0, 20).flatMap(({ embedding }) => embedding);
    writeFileSync(
      join(folder, 'k.npy.partial/embeddings.f32'),
      Buffer.from(Float32Array.from(rows).buffer).subarray(0, -3),
    );
    const text = whole.slice(0, 25).map(({ file }) => JSON.stringify({ file }));
    writeFileSync(entries, `${text.join('\n')}\n{"file":"many/0`);
    expect(done()).toBe(25);

    const { exitCode, said } = await residual(['embed', 'many', ...flags, '--out', 'k.npy'], { cwd: folder });
    expect(exitCode).toBe(1);
    expect(said[0]).toBe('k.npy.partial: 19 pictures are done; going on');
    expect(readNpy(join(folder, 'k.npy'))).toEqual(whole);
  });

  test('with other settings it does not go on, and what is there is not written over', async () => {
    mkdirSync(join(folder, 's.npy.partial'));
    writeFileSync(join(folder, 's.npy.partial/settings.json'), '{"model":"resnet56"}');
    const other = await residual(['embed', 'many', ...flags, '--out', 's.npy'], { cwd: folder });
    expect(other.exitCode).toBe(2);
    expect(other.said[0]).toContain('residual: s.npy.partial: expected the settings that it was begun with');
    writeFileSync(join(folder, 'there.jsonl'), 'mine');
    const there = await residual(['embed', 'many', ...flags, '--out', 'there.jsonl'], { cwd: folder });
    expect(there).toMatchObject({
      exitCode: 2,
      said: [expect.stringContaining('there.jsonl: expected a new file')],
    });
    expect(readFileSync(join(folder, 'there.jsonl'), 'utf8')).toBe('mine');
    const csv = await residual(['embed', 'many', ...flags, '--out', 'e.csv'], { cwd: folder });
    expect(csv.said[0]).toContain(
      "--out: expected a file called *.jsonl, *.npy, *.parquet, or FOLDER/ for parts, got 'e.csv'",
    );
  });

  test('one process at a time is at work on a file', async () => {
    const settings = { model: 'resnet20', weights: 'w', preset: {}, length: 2 };
    const partial = join(folder, 'locked.npy.partial');
    const mine = await EmbeddingJournal.open(partial, settings);
    const another = EmbeddingJournal.open(partial, settings, { patienceMs: 300 });
    await expect(another).rejects.toThrow('expected to be the only one at work on it, but another process is');
    await mine.append([{ file: 'a.png', embedding: Float32Array.of(1, 2) }]);
    await mine.close();
    const next = await EmbeddingJournal.open(partial, settings, { patienceMs: 300 });
    expect([...next.done]).toEqual([['a.png', 1]]);
    await next.close();
    const below = await residual(['embed', 'many', ...flags, '--out', 'w.safetensors/e.npy'], { cwd: folder });
    expect(below.said[0]).toContain('w.safetensors/e.npy.partial: expected a folder that can be made, got ENOTDIR');
  });

  test('shards are all pictures together, each once', async () => {
    const files: string[] = [];
    for (const shard of ['0/3', '1/3', '2/3']) {
      const out = `part-${shard[0]}.jsonl`;
      await residual(['embed', 'many', ...flags, '--out', out, '--shard', shard], { cwd: folder });
      files.push(...readLines(join(folder, out)).map(({ file }) => file));
    }
    expect(files.sort()).toEqual(
      readdirSync(join(folder, 'many'))
        .filter((name) => name !== '007.png')
        .map((name) => `many/${name}`),
    );
    const classified = await residual(['classify', 'many', ...flags, '--json', '--shard', '1/20'], { cwd: folder });
    expect(
      classified.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).file),
    ).toEqual(['many/001.png', 'many/021.png', 'many/041.png']);
    cpSync(join(folder, 'many/001.png'), join(folder, 'labels/cat/1.png'));
    for (const name of [2, 3]) cpSync(join(folder, 'many/001.png'), join(folder, `labels/dog/${name}.png`));
    const evaluated = await residual(['evaluate', '--data', 'folder:labels', ...flags, '--json', '--shard', '0/2'], {
      cwd: folder,
    });
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ total: 2 });
    const { exitCode, said } = await residual(['embed', 'many', ...flags, '--out', 'x.npy', '--shard', '3/3'], {
      cwd: folder,
    });
    expect(exitCode).toBe(2);
    expect(said[0]).toContain("--shard: expected I/N, I from 0 to N - 1, got '3/3'");
  });

  test('search finds the picture itself first, in the folder and in its embeddings', async () => {
    await residual(['embed', 'many', ...flags, '--out', 'index.npy'], { cwd: folder });
    for (const where of ['many', 'index.npy']) {
      const { stdout } = await residual(['search', where, 'many/030.png', ...flags, '--json', '--top', '3'], {
        cwd: folder,
      });
      const found = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(found).toHaveLength(3);
      expect(found[0].file).toBe('many/030.png');
      expect(found[0].similarity).toBeCloseTo(1, 5);
      expect(found[1].similarity).toBeLessThanOrEqual(found[0].similarity);
    }
    const table = await residual(['search', 'index.npy', 'many/030.png', ...flags], { cwd: folder });
    expect(table.stdout).toMatch(/│ picture +│ similarity │/);
    const absent = await residual(['search', 'absent.npy', 'many/030.png', ...flags], { cwd: folder });
    expect(absent).toMatchObject({ exitCode: 2, said: [expect.stringContaining('absent.npy: expected embeddings')] });
  });

  test('an index finds what the exact search finds; one of other embeddings, or of none, is refused', async () => {
    await residual(['embed', 'many', ...flags, '--out', 'rows.npy', '--force'], { cwd: folder });
    const search = (...more: string[]): ReturnType<typeof residual> =>
      residual(['search', 'rows.npy', 'many/030.png', ...flags, '--json', '--top', '9', ...more], { cwd: folder });
    const exact = await search();
    const index = join(folder, 'rows.usearch');
    for (const _ of ['built', 'used']) expect((await search('--index', 'rows.usearch')).stdout).toBe(exact.stdout);
    expect(readdirSync(folder).filter((name) => name.includes('usearch'))).toEqual(['rows.usearch']);
    const made = statSync(index).mtime;
    utimesSync(index, made, new Date(0));
    const old = await search('--index', 'rows.usearch');
    expect([old.exitCode, old.said.at(-1)]).toEqual([
      2,
      'residual: rows.usearch: expected an index as new as rows.npy; remove it, and it is built again',
    ]);
    writeFileSync(index, 'nonsense');
    const wrong = await search('--index', 'rows.usearch');
    expect([wrong.exitCode, wrong.said.at(-1)]).toEqual([2, expect.stringContaining('expected an index of usearch')]);
    const nowhere = await search('--index', 'absent/rows.usearch');
    expect([nowhere.exitCode, nowhere.said.at(-1)]).toEqual([
      2,
      expect.stringContaining('expected a place for the index'),
    ]);
    const pictures = await residual(['search', 'many', 'many/030.png', ...flags, '--index', 'x'], { cwd: folder });
    expect(pictures.said.at(-1)).toContain('--index: expected a FILE.npy to search, got many');
  });

  test('explain writes the crop under a heatmap, and says what it shows', async () => {
    const args = ['explain', 'many/001.png', ...flags, '--out', 'x.png', '--force'];
    const { exitCode, stdout } = await residual([...args, '--class', 'frog'], { cwd: folder });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^many\/001.png: frog, \d+\.\d\d %; x.png\n$/);
    const { width, height, format } = await sharp(join(folder, 'x.png')).metadata();
    expect([width, height, format]).toEqual([32, 32, 'png']);
    const occlusion = await residual([...args, '--method', 'occlusion', '--class', '3'], { cwd: folder });
    expect(occlusion.stdout).toContain('many/001.png: cat, ');
    const wrong = await residual([...args, '--class', 'unicorn'], { cwd: folder });
    expect(wrong).toMatchObject({
      exitCode: 2,
      said: [expect.stringContaining("residual: --class: expected a class's name")],
    });
    const method = await residual([...args, '--method', 'saliency'], { cwd: folder });
    expect(method).toMatchObject({ exitCode: 2, said: [expect.stringContaining('grad-cam, grad-cam++, occlusion')] });
    const unwritable = await residual(['explain', 'many/001.png', ...flags, '--out', 'absent/x.png'], { cwd: folder });
    expect([unwritable.exitCode, unwritable.said]).toEqual([
      2,
      ['residual: absent/x.png: could not be written (ENOENT); check the folder and its space'],
    ]);
    const jpeg = await residual(['explain', 'many/001.png', ...flags, '--out', 'x.jpg'], { cwd: folder });
    expect(jpeg.said[0]).toContain("--out: expected a file called *.png, got 'x.jpg'");
    const opaque = await residual([...args, '--opacity', '2'], { cwd: folder });
    expect(opaque.said[0]).toContain("--opacity: expected a number from 0 to 1, got '2'");
  });

  // Of all pictures prepared there would be 120 MB at the end, of all decoded 30 MB beside.
  test.skipIf(!existsSync('/proc/self/status'))(
    'ten thousand pictures, of which some are bad, take no more memory than a few',
    { timeout: 900_000 },
    async () => {
      const album = join(folder, 'album');
      mkdirSync(album);
      for (let i = 0; i < 10_000; i++) {
        const name = i % 3000 === 7 ? '007' : '001';
        linkSync(join(folder, `many/${name}.png`), join(album, `${String(i).padStart(5, '0')}.png`));
      }
      const device = ['--device', 'native,wasm', '--out', 'album.npy'];
      const child = spawn(process.execPath, [main, 'embed', 'album', ...flags, ...device], { cwd: folder });
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      const peaks = { early: 0, late: 0 };
      const watch = setInterval(() => {
        const rss = residentMiB(child.pid!);
        const done = countDone(join(folder, 'album.npy.partial/embeddings.f32'));
        if (done > 1000 && done < 4000) peaks.early = Math.max(peaks.early, rss);
        if (done >= 4000) peaks.late = Math.max(peaks.late, rss);
      }, 10);
      const exitCode = await new Promise((finish) => child.on('close', finish));
      clearInterval(watch);
      expect(exitCode).toBe(1);
      expect(said.match(/album\/0\d007\.png: expected JPEG/g)).toHaveLength(4);
      expect(said).toMatch(/album\.npy: 9996 pictures, 4 not to be used; /);
      expect(peaks.early).toBeGreaterThan(0);
      expect(peaks.late - peaks.early).toBeLessThan(50);
      expect(readNpy(join(folder, 'album.npy'))).toHaveLength(9996);
    },
  );
});

/** What a process holds in memory; 0 where it has ended. */
function residentMiB(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Embeddings of 64 numbers in a file. */
function countDone(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / 256;
}
