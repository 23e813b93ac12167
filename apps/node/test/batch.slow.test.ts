import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AnswerRow, madeUpPicture, parseRows } from './made-up-pictures.ts';
import { type CommandResult, residual } from './run-command.ts';

const COUNT = 24;
const BAD = 7;
/** The weights that come with the command, on a device that is everywhere. */
const flags = ['--device', 'wasm', '--top', '2'];

let folder: string;
/** Pictures' files by their numbers, of which one is none. */
let pictures: Buffer[];
/** What one run says of them, bad ones left out. */
let rows: AnswerRow[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'residual batch '));
  mkdirSync(join(folder, 'many'));
  pictures = await Promise.all(Array.from({ length: COUNT }, (_, index) => madeUpPicture(index)));
  pictures[BAD] = Buffer.from('no picture');
  for (const [index, bytes] of pictures.entries()) writeFileSync(join(folder, nameOf(index)), bytes);
  writeFileSync(join(folder, 'list.txt'), `${pictures.map((_, index) => nameOf(index)).join('\r\n')}\r\n\n`);
  const { stdout, exitCode } = await run(['classify', 'many', '--json']);
  expect(exitCode).toBe(1);
  rows = parseRows(stdout).map(({ file, top }) => ({ file, top }));
  expect(rows).toHaveLength(COUNT - 1);
  return () => rmSync(folder, { recursive: true });
});

function nameOf(index: number): string {
  return `many/${String(index).padStart(3, '0')}.png`;
}

function run(args: readonly string[], options: Parameters<typeof residual>[1] = {}): Promise<CommandResult> {
  return residual([...args, ...flags], { cwd: folder, ...options });
}

/** The parts of a folder, in the order of their names. */
function partsOf(out: string): string[] {
  return readdirSync(join(folder, out))
    .filter((name) => name.startsWith('part-'))
    .sort();
}

/** All rows of a folder's parts of JSON lines. */
function rowsOf(out: string): AnswerRow[] {
  return partsOf(out).flatMap((name) => parseRows(readFileSync(join(folder, out, name), 'utf8')));
}

describe('parts', () => {
  test('hold the rows of one run, from a list in a file and on standard input, as JSON and as Parquet', async () => {
    const json = await run(['classify', '--from', 'list.txt', '--out', 'json/', '--part-size', '10']);
    expect(json.exitCode).toBe(1);
    expect(json.said.filter((line) => line.includes('many/007.png: expected JPEG'))).toHaveLength(1);
    expect(json.said.at(-1)).toMatch(
      /^json\/: shard 00000-of-00001, 3 parts, 23 pictures, 1 not to be used; [\d.]+ per/,
    );
    expect(partsOf('json')).toEqual([0, 1, 2].map((number) => `part-00000-of-00001-0000${number}.jsonl`));
    expect(rowsOf('json')).toEqual(rows);
    const input = readFileSync(join(folder, 'list.txt'));
    await run(['classify', '--from', '-', '--out', 'parquet/', '--format', 'parquet'], { input });
    const [part] = partsOf('parquet');
    expect(part).toBe('part-00000-of-00001-00000.parquet');
    const read = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, 'parquet', part!)) });
    const found = read.map(({ file, index, label, score }) => ({
      file,
      top: index.map((_: number, at: number) => ({ index: index[at], label: label[at], score: score[at] })),
    }));
    expect(found).toEqual(rows);
  });

  test('of all shards are the rows of one run, dealt out one by one', async () => {
    const shards = await Promise.all(
      [0, 1].map((index) => run(['classify', 'many', '--out', 'shards/', '--part-size', '5', '--shard', `${index}/2`])),
    );
    expect(shards.map(({ exitCode }) => exitCode)).toEqual([0, 1]);
    const files = rows.map(({ file }) => file);
    const [even, odd] = [0, 1].map((index) => files.filter((file) => Number(file.slice(5, 8)) % 2 === index));
    expect(rowsOf('shards').map(({ file }) => file)).toEqual([...even!, ...odd!]);
    expect(rowsOf('shards').sort((a, b) => (a.file < b.file ? -1 : 1))).toEqual(rows);
    const other = await run(['classify', 'many', '--out', 'shards/', '--shard', '0/3']);
    expect(other).toMatchObject({ exitCode: 2 });
    expect(other.said.at(-1)).toContain(
      'shards/: expected parts of the same number of shards and of one format, got part-',
    );
  });

  test('that are done are not computed again by the start after a kill, and the rest are those of a whole run', async () => {
    // Where it is ended for certain: a picture that does not come, behind those that are read at once.
    const waiting: ServerResponse[] = [];
    let isSlow = true;
    const server = createServer((_, response) => {
      if (isSlow) waiting.push(response);
      else response.end(pictures[0]);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const slow = `http://127.0.0.1:${(server.address() as AddressInfo).port}/0.png`;
    const many = Array.from({ length: 17 * COUNT }, (_, index) => nameOf(index % COUNT));
    writeFileSync(join(folder, 'long.txt'), [...many.slice(0, 396), slow, ...many.slice(396)].join('\n'));
    const args = ['classify', '--from', 'long.txt', '--part-size', '90', ...flags, '--device', 'native,wasm', '--out'];
    const main = resolve(import.meta.dirname, '../dist/main.js');
    const child = spawn(process.execPath, [main, ...args, 'killed/'], { cwd: folder });
    const ended = new Promise((finish) => child.on('close', finish));
    const done = (): string[] => (existsSync(join(folder, 'killed')) ? partsOf('killed') : []);
    while (done().length < 4 && child.exitCode === null) await new Promise((tick) => setTimeout(tick, 5));
    child.kill('SIGKILL');
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
    expect(done()).toHaveLength(4);
    isSlow = false;
    for (const response of waiting) response.destroy();
    const inodes = done().map((name) => statSync(join(folder, 'killed', name)).ino);
    const other = await residual([...args, 'killed/', '--preset', 'timm224'], { cwd: folder });
    expect(other.exitCode).toBe(2);
    expect(other.said.at(-1)).toContain('expected the settings and inputs that it was begun with');

    const again = await residual([...args, 'killed/'], { cwd: folder });
    expect(again.exitCode).toBe(1);
    expect(again.said.join('\n')).toContain('360 pictures are done; going on');
    expect(again.said.at(-1)).toMatch(/^killed\/: shard 00000-of-00001, 5 parts, 392 pictures, 17 not to be used; /);
    const kept = partsOf('killed').slice(0, 4);
    expect(kept.map((name) => statSync(join(folder, 'killed', name)).ino)).toEqual(inodes);
    await residual([...args, 'whole/'], { cwd: folder });
    const contents = (out: string): string[] =>
      partsOf(out).map((name) => readFileSync(join(folder, out, name), 'utf8'));
    expect(partsOf('killed')).toEqual(partsOf('whole'));
    expect(contents('killed')).toEqual(contents('whole'));

    // As a power failure would leave it: a part that is recorded and is not there, and half of it.
    const last = partsOf('killed').at(-1)!;
    rmSync(join(folder, 'killed', last));
    writeFileSync(join(folder, 'killed', `.${last}.new`), '{"file":"ma');
    await residual([...args, 'killed/'], { cwd: folder });
    expect(contents('killed')).toEqual(contents('whole'));
    expect(readdirSync(join(folder, 'killed')).filter((name) => name.startsWith('.'))).toEqual([]);
    const nothing = await residual([...args, 'killed/'], { cwd: folder });
    expect(nothing.said.at(-1)).toMatch(/; all done before$/);
    server.close();
  });

  test('that nobody knows of are not written over, unless that is asked for', async () => {
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'mine/part-00000-of-00001-00000.jsonl'), 'mine');
    const args = ['classify', nameOf(0), '--out', 'mine/'];
    const refused = await run(args);
    expect(refused.exitCode).toBe(2);
    expect(refused.said.at(-1)).toContain(
      'mine/part-00000-of-00001-00000.jsonl: expected no part that this run has not',
    );
    expect(readFileSync(join(folder, 'mine/part-00000-of-00001-00000.jsonl'), 'utf8')).toBe('mine');
    expect((await run([...args, '--force'])).exitCode).toBe(0);
    expect(rowsOf('mine')).toEqual(rows.slice(0, 1));
  });

  test('options that do not go together are refused', async () => {
    const said = async (args: readonly string[]): Promise<string> => (await run(args)).said.at(-1)!;
    expect(await said(['classify', 'many', '--out', 'x'])).toContain("--out: expected FOLDER/ for parts, got 'x'");
    expect(await said(['classify', 'many', '--part-size', '3'])).toContain(
      '--part-size: expected --out FOLDER/ beside it',
    );
    expect(await said(['classify', '--from', 'absent.txt'])).toContain(
      '--from absent.txt: expected a list of files, got ENOENT',
    );
    expect(await said(['classify', '-', '--from', '-'])).toContain('-: expected standard input once, got it twice');
  });
});
