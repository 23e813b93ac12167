import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { dataPath, requirement } from '@residual/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { residual } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'residual-degradation-'));
const data = join(folder, 'cifar10');
const out = join(folder, 'out');
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!requirement('data') || !requirement('tfjs-node'))('residual degradation, on CIFAR-10', () => {
  const size = ['--data', `cifar10:${data}`, '--limit', '256', '--epochs', '2'];
  const flags = ['degradation', ...size, '--models', 'plain20,resnet20', '--out', out];
  const written = (run: string): number => statSync(join(out, run, 'model.safetensors')).mtimeMs;

  beforeAll(() => {
    execFileSync(process.execPath, [dataPath('cifar10/unpack.mjs'), data]);
  });

  test('takes a run of residual train, trains the rest, and draws their errors', { timeout: 300_000 }, async () => {
    const recipe = ['--model', 'plain20', '--recipe', 'cifar-degradation', '--device', 'tensorflow'];
    await residual(['train', ...size, ...recipe, '--out', join(out, 'plain20-1'), '--json']);
    const plain20 = written('plain20-1');
    const { exitCode, said, stdout } = await residual(flags);
    expect({ exitCode, first: said[0]?.split(':', 1)[0] }).toEqual({ exitCode: 0, first: 'resnet20-1' });
    expect(written('plain20-1')).toBe(plain20);
    expect(stdout).toMatch(/plain20 +│ 1/);

    const { runs } = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8'));
    expect(runs.map(({ model, seed, epochs }: never) => [model, seed, epochs])).toEqual([
      ['plain20', 1, 2],
      ['resnet20', 1, 2],
    ]);
    const history = readFileSync(join(out, 'resnet20-1/metrics.jsonl'), 'utf8').trim().split('\n');
    expect(runs[1].testError).toEqual(history.map((line) => Number(JSON.parse(line).testError.toFixed(3))));
    expect(readFileSync(join(out, 'figure.html'), 'utf8')).toMatch(/<svg [\s\S]*plain nets[\s\S]*residual nets/);
    expect(readFileSync(join(out, 'figure.svg'), 'utf8')).toMatch(/^<svg /);
  });

  test('stopped by Ctrl-C its runs save, and the same command goes on', { timeout: 300_000 }, async () => {
    const main = resolve(import.meta.dirname, '../dist/main.js');
    const more = [...flags, '--seeds', '1,2', '--jobs', '2'];
    const child = spawn(process.execPath, [main, ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => {
      const begun = said.includes('epoch 1');
      said += text;
      if (!begun && said.includes('epoch 1')) child.kill('SIGINT');
    });
    expect(await new Promise((done) => child.on('close', done))).toBe(130);
    expect(said).toMatch(/-2: residual: stopped after step \d; --resume/);
    expect(said).toMatch(/residual: stopped; the same command goes on\n$/);
    const resnet20 = written('resnet20-1');
    expect((await residual(more)).exitCode).toBe(0);
    expect(written('resnet20-1')).toBe(resnet20);
    const { runs } = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8'));
    expect(runs.map(({ seed }: { seed: number }) => seed)).toEqual([1, 1, 2, 2]);
  });

  test('a run of other settings is not taken for one of the experiment', async () => {
    const { exitCode, said } = await residual([...flags, '--epochs', '3']);
    expect(exitCode).toBe(2);
    expect(said[0]).toMatch(/plain20-1: expected recipe \{.*"epochs":3.*\}, got .*; take another --out/);
    expect(existsSync(join(out, 'metrics.json'))).toBe(true);
  });
});
