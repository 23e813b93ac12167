import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { createModel } from '@residual/resnet/registry';
import { writeSafetensors } from '@residual/weights';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { residual } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'residual images '));
const flags = ['--model', 'resnet20', '--weights', 'w.safetensors', '--device', 'tfjs-wasm'];

async function picture(file: string, width: number, height: number): Promise<void> {
  await sharp({ create: { width, height, channels: 3, background: '#8b3' }, limitInputPixels: false }).toFile(
    join(folder, file),
  );
}

beforeAll(async () => {
  await tfjsWasm().use();
  const model = createModel('resnet20');
  writeFileSync(join(folder, 'w.safetensors'), writeSafetensors(await model.stateDict()));
  model.dispose();
  mkdirSync(join(folder, 'album/below'), { recursive: true });
  mkdirSync(join(folder, 'nothing'));
  await picture('album/a b.png', 40, 30);
  await picture('album/below/c.JPG', 30, 40);
  await picture('pixel.png', 1, 1);
  writeFileSync(join(folder, 'album/notes.txt'), 'no picture');
  writeFileSync(join(folder, 'text.png'), 'no picture');
  writeFileSync(join(folder, 'empty.jpg'), '');
  const gif = [...new TextEncoder().encode('GIF89a'), 0, 0, 0, 0, 0, 0, 0, 0x3b];
  writeFileSync(join(folder, 'zero.gif'), Uint8Array.from(gif));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function filesOf(stdout: string): string[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).file);
}

test('folders are searched, patterns expanded, names with spaces kept', async () => {
  const { exitCode, stdout, said } = await residual(['classify', 'album', 'p*.png', ...flags, '--json'], {
    cwd: folder,
  });
  expect({ exitCode, said }).toEqual({ exitCode: 0, said: ['album: 2 pictures; 1 file is none: notes.txt'] });
  expect(filesOf(stdout)).toEqual(['album/a b.png', 'album/below/c.JPG', 'pixel.png']);
});

test('a bad picture is reported in a line, the rest go on, and the exit code is 1', async () => {
  const names = ['text.png', 'pixel.png', 'empty.jpg', 'album/a b.png', 'absent.png'];
  const { exitCode, stdout, said } = await residual(['classify', ...names, ...flags, '--json'], { cwd: folder });
  expect(exitCode).toBe(1);
  expect(filesOf(stdout)).toEqual(['pixel.png', 'album/a b.png']);
  expect(said.map((line) => line.split(': ', 2)[1])).toEqual(['text.png', 'empty.jpg', 'absent.png']);
});

test.each(['empty.jpg', 'zero.gif', 'text.png', 'absent.png', 'nothing'])(
  '%s alone: exit 2 and a line that names it',
  async (file) => {
    const { exitCode, stdout, said } = await residual(['classify', file, ...flags], { cwd: folder });
    expect({ exitCode, stdout, lines: said.length }).toEqual({ exitCode: 2, stdout: '', lines: 1 });
    expect(said[0]).toContain(`residual: ${file}: expected`);
  },
);

test('a picture of 20,000 × 20,000 pixels is refused by its header', async () => {
  await picture('huge.png', 20_000, 20_000);
  const { exitCode, said } = await residual(['classify', 'huge.png', ...flags], { cwd: folder });
  expect(exitCode).toBe(2);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^residual: huge.png: expected at most 178956970 pixels, got 20000 × 20000/);
});

test('people get a table', async () => {
  const { exitCode, stdout } = await residual(['classify', 'pixel.png', ...flags, '--top', '3'], { cwd: folder });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/│ picture +│ class +│ probability │/);
  expect(stdout.match(/\d+\.\d\d %/g)).toHaveLength(3);
});

test('evaluate takes a folder of class folders, by label, index or order', async () => {
  for (const [root, names] of [
    ['labels', ['cat', 'Dog']],
    ['indices', ['3', '05']],
    ['order', Array.from({ length: 10 }, (_, i) => `kind-${i}`)],
  ] as const) {
    for (const name of names) {
      mkdirSync(join(folder, root, name), { recursive: true });
      await picture(`${root}/${name}/p.png`, 32, 32);
    }
    const { exitCode, stdout, said } = await residual(['evaluate', '--data', `folder:${root}`, ...flags, '--json'], {
      cwd: folder,
    });
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
    expect(JSON.parse(stdout)).toMatchObject({ total: names.length });
    const flagsHere = flags.map((flag) => flag.replace('w.safetensors', '../w.safetensors'));
    const here = await residual(['evaluate', '--data', 'folder:.', ...flagsHere, '--json'], {
      cwd: join(folder, root),
    });
    expect(here.stdout).toBe(stdout);
  }
});

test('a class folder that is no class of the model is refused', async () => {
  for (const name of ['cat', 'zebra']) {
    mkdirSync(join(folder, 'mixed', name), { recursive: true });
    await picture(`mixed/${name}/p.png`, 32, 32);
  }
  const { exitCode, said } = await residual(['evaluate', '--data', 'folder:mixed', ...flags], { cwd: folder });
  expect(exitCode).toBe(2);
  expect(said[0]).toContain("residual: mixed/zebra: expected a class of the model (a label such as 'airplane'");
});

test('a reader that has had enough ends the command quietly', async () => {
  const main = resolve(import.meta.dirname, '../dist/main.js');
  const child = spawn(process.execPath, [main, 'summary', 'resnet152', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const exitCode = await new Promise((done) => child.on('close', done));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

test('Ctrl-C ends the command with 130, a line, and whole lines of JSON', async () => {
  const main = resolve(import.meta.dirname, '../dist/main.js');
  const names = new Array(6000).fill('album/a b.png');
  const child = spawn(process.execPath, [main, 'classify', ...names, ...flags, '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    if (stdout === '') child.kill('SIGINT');
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const exitCode = await new Promise((done) => child.on('close', done));
  expect(exitCode).toBe(130);
  expect(stderr).toContain('residual: interrupted\n');
  expect(filesOf(stdout).length).toBeLessThan(6000);
});
