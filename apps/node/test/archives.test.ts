import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { packTar, type TarEntry } from 'modern-tar';
import S3rver from 's3rver';
import { beforeAll, describe, expect, test } from 'vitest';
import { parquetSamples } from '../src/archives/parquet-samples.ts';
import { tarSamples } from '../src/archives/tar-samples.ts';
import { UnreadableError } from '../src/archives/unreadable-error.ts';
import { madeUpPicture, parseRows } from './made-up-pictures.ts';
import { type CommandResult, residual } from './run-command.ts';

const COUNT = 6;
const flags = ['--device', 'wasm', '--top', '1'];

const names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

let folder: string;
let pictures: Buffer[];
/** What pictures that are files are said to be. */
let labels: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'residual archives '));
  mkdirSync(join(folder, 'many'));
  pictures = await Promise.all(Array.from({ length: COUNT }, (_, index) => madeUpPicture(index)));
  for (const [index, bytes] of pictures.entries()) writeFileSync(join(folder, `many/${index}.png`), bytes);
  for (const part of [0, 1]) writeFileSync(join(folder, `train-${part}.tar`), await tarOf(part * 3));
  writeFileSync(join(folder, 'train-0.parquet'), parquetOf());
  labels = parseRows((await run(['classify', 'many', '--json'])).stdout).map(({ top }) => top[0]!.label);
  expect(labels).toHaveLength(COUNT);
  return () => rmSync(folder, { recursive: true });
});

function member(name: string, body: Uint8Array | string): TarEntry {
  return { header: { name, size: Buffer.byteLength(body), type: 'file' }, body };
}

/** Three pictures with their classes: a number, a name, none; and what is no picture. */
async function tarOf(first: number): Promise<Uint8Array> {
  const [one, two, three] = pictures.slice(first, first + 3);
  return packTar([
    { header: { name: 'a/', size: 0, type: 'directory' } },
    member(`a/${first}.cls`, '3\n'),
    member(`a/${first}.png`, one!),
    member(`a/${first}.seg.png`, 'a mask'),
    member(`a/${first + 1}.png`, two!),
    member(`a/${first + 1}.json`, '{"label": "cat", "width": 32}'),
    member(`a/${first + 2}.png`, three!),
    member(`a/${first + 2}.txt`, 'a caption'),
  ]);
}

/** As Hugging Face's `datasets` writes pictures; one row has none. */
function parquetOf(): Uint8Array {
  const rows = pictures.map((bytes, index) => ({ bytes, path: `${index}.png` as string | null }));
  const image = [...rows, { bytes: null, path: '/disk/6.png' }];
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'image', data: image },
        { name: 'label', data: Array.from(image, (_, index) => BigInt(index)) },
      ],
      schema: [
        { name: 'schema', num_children: 2 },
        { name: 'image', repetition_type: 'OPTIONAL', num_children: 2 },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
      rowGroupSize: 4,
    }),
  );
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return residual([...args, ...flags], { cwd: folder, env });
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 1000) yield bytes.subarray(start, start + 1000);
}

function asyncBufferOf(bytes: Uint8Array) {
  const { buffer } = bytes.slice();
  return { byteLength: buffer.byteLength, slice: (start: number, end?: number) => buffer.slice(start, end) };
}

describe('archives', () => {
  test('a WebDataset’s pictures have their keys and classes; a mask is none of them', async () => {
    const { stdout, exitCode } = await run(['classify', 'train-*.tar', '--json']);
    expect(exitCode).toBe(0);
    const rows = parseRows(stdout);
    expect(rows.map(({ file, key, target }) => ({ file, key, target }))).toEqual(
      [0, 1, 2, 3, 4, 5].map((index) => ({
        file: `train-${index < 3 ? 0 : 1}.tar#a/${index}.png`,
        key: `a/${index}`,
        target: [3, 'cat', undefined][index % 3],
      })),
    );
    expect(rows.map(({ top }) => top[0]!.label)).toEqual(labels);
  });

  test('embeddings of archives are Parquet with keys and classes, in a file and in parts', async () => {
    const args = ['embed', 'train-*.tar', '--device', 'wasm', '--out'];
    const read = async (path: string) => parquetReadObjects({ file: await asyncBufferFromFile(join(folder, path)) });
    await residual([...args, 'one.parquet'], { cwd: folder });
    await Promise.all(
      ['0/2', '1/2'].map((shard) => residual([...args, 'vectors/', '--shard', shard], { cwd: folder })),
    );
    const parts = [0, 1].map((index) => `vectors/part-0000${index}-of-00002-00000.parquet`);
    const rows = await read('one.parquet');
    expect(rows.map(({ key, target }) => [key, target])).toEqual(
      [0, 1, 2, 3, 4, 5].map((index) => [`a/${index}`, ['3', 'cat', null][index % 3]]),
    );
    expect((await Promise.all(parts.map(read))).flat()).toEqual(rows);
  });

  test('one that is cut off gives what is before, and is an error; a restart goes on in the middle of one', async () => {
    const whole = readFileSync(join(folder, 'train-1.tar'));
    writeFileSync(join(folder, 'cut.tar'), whole.subarray(0, whole.indexOf('a/5.png') + 600));
    writeFileSync(join(folder, 'list.txt'), 'cut.tar\ntrain-0.tar\nabsent.tar\n');
    const args = ['classify', '--from', 'list.txt', '--out', 'parts/', '--part-size', '2'];
    const { exitCode, said } = await run(args);
    expect(exitCode).toBe(1);
    expect(said.filter((line) => line.startsWith('residual: '))).toEqual([
      expect.stringMatching(
        /^residual: cut.tar: expected a whole tar file, got one that cannot be read on \(.+\); make it/,
      ),
      'residual: absent.tar: expected an archive that can be read, got ENOENT; check its name and permissions',
    ]);
    const names = readdirSync(join(folder, 'parts')).filter((name) => name.startsWith('part-'));
    const text = (): string => names.map((name) => readFileSync(join(folder, 'parts', name), 'utf8')).join('');
    const before = text();
    expect(parseRows(before).map(({ file }) => file)).toEqual([
      ...[3, 4].map((index) => `cut.tar#a/${index}.png`),
      ...[0, 1, 2].map((index) => `train-0.tar#a/${index}.png`),
    ]);
    for (const name of names.slice(2)) rmSync(join(folder, 'parts', name));
    const again = await run(args);
    expect(again.said.join('\n')).toContain('4 pictures are done; going on');
    expect(text()).toBe(before);
  });

  test('Parquet as Hugging Face has it gives its rows; shards of archives are whole archives', async () => {
    const args = ['classify', 'train-0.parquet', 'train-*.tar', '--json'];
    const { stdout, said, exitCode } = await run(args);
    expect(exitCode).toBe(1);
    expect(said.filter((line) => line.startsWith('residual: '))).toEqual([
      "residual: train-0.parquet#6: expected a picture's bytes, got only the path '/disk/6.png'; embed the files when the data set is made",
    ]);
    const rows = parseRows(stdout);
    expect(rows.slice(0, COUNT).map(({ file, key, target, top }) => [file, key, target, top[0]!.label])).toEqual(
      labels.map((label, index) => [`train-0.parquet#${index}`, `${index}.png`, index, label]),
    );
    const odd = parseRows((await run([...args, '--shard', '1/2'])).stdout);
    expect(odd.map(({ file }) => file)).toEqual([0, 1, 2].map((index) => `train-0.tar#a/${index}.png`));
    const evaluated = await residual(
      ['evaluate', '--data', 'archives:train-0.parquet', '--json', '--limit', '4', '--device', 'wasm'],
      { cwd: folder },
    );
    const right = rows.slice(0, 4).filter(({ target, top }) => names.indexOf(top[0]!.label) === target).length;
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ total: 4, correct: right, unusable: 0 });
  });

  test('damaged in any place, they give pictures or an error of their own, and little memory is asked for', async () => {
    const archives = [readFileSync(join(folder, 'train-0.tar')), parquetOf()];
    let random = 1;
    const next = (limit: number): number => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return random % limit;
    };
    let failures = 0;
    for (let round = 0; round < 300; round++) {
      const whole = archives[round % 2]!;
      const bytes = Uint8Array.from(whole);
      // Where lengths are: a tar's headers, Parquet's footer.
      for (let times = 0; times < 3; times++) {
        const at = round % 2 === 0 ? next(bytes.length) & ~511 : bytes.length - 1 - next(600);
        bytes[Math.min(at + (round % 2 === 0 ? next(160) : 0), bytes.length - 1)] = next(256);
      }
      const damaged = round % 5 === 0 ? bytes.subarray(0, next(bytes.length)) : bytes;
      const samples =
        round % 2 === 0
          ? tarSamples(inPieces(damaged), { skip: 0 })
          : parquetSamples(asyncBufferOf(damaged), { skip: 0 });
      try {
        for await (const { bytes: found } of samples) expect(found?.length ?? 0).toBeLessThanOrEqual(whole.length);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableError);
        failures += 1;
      }
    }
    expect(failures).toBeGreaterThan(20);
    expect(process.memoryUsage().rss).toBeLessThan(2 ** 31);
  });
});

describe('S3', () => {
  test('is read from and written to as folders are, and a restart goes on there', async () => {
    const directory = join(folder, 's3');
    const server = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory,
      configureBuckets: [{ name: 'bucket', configs: [] }],
    });
    const { port } = (await server.run()) as AddressInfo;
    const env = {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    };
    try {
      const at = (key: string): string => `http://127.0.0.1:${port}/bucket/${key}`;
      const put = (key: string, body: Uint8Array | string): Promise<Response> =>
        fetch(at(key), { method: 'PUT', body: new Blob([body as BlobPart]) });
      await put('in/0.png', pictures[0]!);
      await put('in/train-0.tar', await tarOf(0));
      await put('in/train-1.parquet', parquetOf());
      await put('in/notes.txt', 'no picture');
      writeFileSync(join(folder, 'more.txt'), 's3://bucket/absent.png\n');
      const parts = ['--out', 's3://bucket/out/', '--part-size', '4'];
      const args = ['classify', 's3://bucket/in/', '--from', 'more.txt', ...parts];
      const { said, exitCode } = await run(args, env);
      expect(exitCode).toBe(1);
      expect(said.filter((line) => line.startsWith('residual: '))).toEqual([
        expect.stringContaining('s3://bucket/in/train-1.parquet#6: '),
        'residual: s3://bucket/absent.png: expected an object, got NoSuchKey; check its name',
      ]);
      const keys = [0, 1, 2].map((number) => `out/part-00000-of-00001-0000${number}.jsonl`);
      const read = async (key: string): Promise<string> => (await fetch(at(key))).text();
      const texts = await Promise.all(keys.map(read));
      const rows = parseRows(texts.join(''));
      expect(rows.map(({ file }) => file)).toEqual([
        's3://bucket/in/0.png',
        ...[0, 1, 2].map((index) => `s3://bucket/in/train-0.tar#a/${index}.png`),
        ...[0, 1, 2, 3, 4, 5].map((index) => `s3://bucket/in/train-1.parquet#${index}`),
      ]);
      expect(rows.map(({ top }) => top[0]!.label)).toEqual([labels[0], ...labels.slice(0, 3), ...labels]);

      await fetch(at(keys.at(-1)!), { method: 'DELETE' });
      const again = await run(args, env);
      expect(again.said.join('\n')).toContain('8 pictures are done; going on');
      expect(await Promise.all(keys.map(read))).toEqual(texts);
    } finally {
      await server.close();
    }
    // Nobody listens there any more: no picture is said to be bad.
    const gone = await run(['classify', 's3://bucket/in/0.png', '--json'], { ...env, AWS_MAX_ATTEMPTS: '1' });
    expect(gone).toMatchObject({ exitCode: 1, stdout: '' });
    expect(gone.said.at(-1)).toMatch(
      /^residual: s3:\/\/bucket\/in\/0.png: expected S3 to answer, got ECONNREFUSED; check/,
    );
  });
});
