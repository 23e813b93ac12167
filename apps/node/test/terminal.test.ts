import { cpSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { randomVars } from '@residual/blocks';
import { toMetadata } from '@residual/classifier';
import { createModel } from '@residual/resnet/registry';
import { writeSafetensors } from '@residual/weights';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { displayWidth } from '../src/terminal/fit-text.ts';
import { residual } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'residual terminal '));
const flags = ['--model', 'resnet20', '--weights', 'w.safetensors', '--device', 'wasm'];
/** Sets stdout's columns, as a terminal's. */
const terminal = (columns: number): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import="data:text/javascript,process.stdout.isTTY=true;process.stdout.columns=${columns}"`,
});
/** What a terminal would act on, but for ends of lines. */
const CONTROLS = /[\p{Bidi_Control}\p{Zl}]|(?!\n)\p{Cc}/u;

beforeAll(async () => {
  await tfjsWasm().use();
  const model = createModel('resnet20', { vars: randomVars({ seed: 1 }) });
  const labels = ['\u001b[31mred', 'a\nb', 'x\u202ey', ...Array.from({ length: 7 }, (_, at) => `class ${at}`)];
  const metadata = toMetadata({ labels });
  writeFileSync(join(folder, 'w.safetensors'), writeSafetensors(await model.stateDict(), { metadata }));
  model.dispose();
  mkdirSync(join(folder, 'names'));
  await sharp({ create: { width: 32, height: 32, channels: 3, background: '#8b3' } })
    .png()
    .toFile(join(folder, 'p.png'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(process.platform === 'win32')('names with controls', () => {
  const names = ['\u001b[2Jclear.png', 'new\nline.png', 'c1\u009b31m.png', 'photo\u202egnp.exe'];

  beforeAll(() => {
    for (const [index, name] of names.entries())
      if (index % 2 === 0) cpSync(join(folder, 'p.png'), join(folder, 'names', name));
      else writeFileSync(join(folder, 'names', name), 'no picture');
  });

  test.each([[['classify', 'names', '--json']], [['classify', 'names']], [['search', 'names', 'p.png']]])(
    '%s: are written, not sent',
    async ([command, ...args]) => {
      const { stdout, said } = await residual([command!, ...args, ...flags], { cwd: folder });
      expect(`${stdout}${said.join('\n')}`).not.toMatch(CONTROLS);
      expect(stdout).toMatch(/names\/\\(x|u00)1b\[2Jclear\.png/);
      expect(said.join('\n')).toContain('new\\nline.png');
    },
  );

  test('as they are in arguments, in what a server says, and in unknown commands', async () => {
    const server = createServer((_, response) => {
      response.writeHead(500, 'bad\u009bthing').end();
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const args of [
      ['classify', `${address}/\u001b[31m.png`, ...flags],
      ['classify', '\u001b[31m.png', ...flags],
      ['cl\u001b[31massify'],
      ['classify', '--mod\u001b[31mel'],
      ['summary', 'res\u202enet'],
    ]) {
      const { exitCode, said } = await residual(args, { cwd: folder });
      expect({ exitCode, controls: CONTROLS.test(said.join('\n')) }).toEqual({ exitCode: 2, controls: false });
      expect(said.join('\n')).toMatch(/\\x1b\[31m|\\u202e|%1B\[31m/);
    }
    server.close();
  });
});

describe('tables', () => {
  const long = `album/${'猫の写真'.repeat(8)}.png`;
  beforeAll(() => {
    mkdirSync(join(folder, 'album'));
    cpSync(join(folder, 'p.png'), join(folder, long));
  });

  test.each([
    [40, ['classify', long, ...flags]],
    [60, ['classify', long, ...flags]],
    [40, ['search', 'album', 'p.png', ...flags]],
    [40, ['models', 'resnet50']],
    [60, ['models', 'resnet50']],
    [40, ['summary', 'resnet20']],
    [60, ['summary', 'resnet20']],
  ])('on %i columns no line is longer: %s', async (columns, args) => {
    const { exitCode, stdout } = await residual(args, { cwd: folder, env: terminal(columns) });
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(columns);
  });

  test('in a pipe nothing is cut', async () => {
    const { stdout } = await residual(['classify', long, ...flags], { cwd: folder });
    expect(stdout).toContain(long);
  });
});

describe('what is written', () => {
  test('explain takes no name of its picture, by any link, and no other without --force', async () => {
    const before = readFileSync(join(folder, 'p.png'));
    cpSync(join(folder, 'p.png'), join(folder, 'other.png'));
    linkSync(join(folder, 'p.png'), join(folder, 'hard.png'));
    symlinkSync('p.png', join(folder, 'soft.png'));
    for (const out of ['p.png', './album/../p.png', 'hard.png', 'soft.png']) {
      const { exitCode, said } = await residual(['explain', 'p.png', ...flags, '--out', out, '--force'], {
        cwd: folder,
      });
      expect({ exitCode, said }).toEqual({
        exitCode: 2,
        said: [`residual: ${out}: expected another file than those that are read, got p.png; choose another name`],
      });
    }
    expect(readFileSync(join(folder, 'p.png')).equals(before)).toBe(true);
    const explain = ['explain', 'p.png', ...flags, '--out', 'other.png'];
    const kept = await residual(explain, { cwd: folder });
    expect([kept.exitCode, kept.said]).toEqual([
      2,
      ['residual: other.png: expected a new file, got one that is there; choose another name, or add --force'],
    ]);
    expect(readFileSync(join(folder, 'other.png')).equals(before)).toBe(true);
    expect((await residual([...explain, '--force'], { cwd: folder })).exitCode).toBe(0);
    expect(readFileSync(join(folder, 'other.png')).equals(before)).toBe(false);
  });

  test('export, bench and degradation neither', async () => {
    const weights = readFileSync(join(folder, 'w.safetensors'));
    const args = ['export', 'w.safetensors', '--weights', './w.safetensors', '--format', 'safetensors', '--force'];
    const { exitCode, said } = await residual(args, { cwd: folder });
    expect(exitCode).toBe(2);
    expect(said[0]).toContain('w.safetensors: expected another file than those that are read, got ./w.safetensors');
    const onnx = ['export', 'p.png', '--weights', 'w.safetensors', '--format', 'onnx'];
    expect((await residual(onnx, { cwd: folder })).said[0]).toContain('p.png: expected a new file');
    const plot = await residual(['bench', '--plot', 'p.png'], { cwd: folder });
    expect(plot.said[0]).toMatch(/p\.png: expected a new file|bench: expected a clone/);
    writeFileSync(join(folder, 'album/metrics.json'), 'mine');
    const degradation = ['degradation', '--data', 'cifar10:absent', '--out', 'album'];
    expect((await residual(degradation, { cwd: folder })).said[0]).toContain(
      'album: expected a new folder, got one with metrics.json in it',
    );
    expect(readFileSync(join(folder, 'w.safetensors')).equals(weights)).toBe(true);
  });
});
