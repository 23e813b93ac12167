import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dataPath, requirement } from '@residual/testing';
import { recipes } from '@residual/train';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { residual } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'residual-train-'));
const data = join(folder, 'cifar10');
const out = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

test('without a device the first that is here trains, and a line says why not those before it', async () => {
  const pictures = join(folder, 'colours');
  for (const [name, background] of Object.entries({ moss: '#163', sand: '#ca5' })) {
    mkdirSync(join(pictures, name), { recursive: true });
    for (let index = 0; index < 5; index++)
      await sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toFile(join(pictures, name, `${index}.png`));
  }
  const recipe = join(folder, 'tiny.json');
  const size = { sizePx: 8, batchSize: 2, augment: [] };
  writeFileSync(recipe, JSON.stringify({ ...recipes()['cifar-short'], ...size, epochs: 1 }));
  const source = ['--data', `folder:${pictures}`, '--limit', '2'];
  const flags = ['train', '--model', 'resnet20', ...source, '--recipe', recipe];
  // Neither the addon nor tfjs-node, as on a machine without them.
  const hide = join(folder, 'hide.mjs');
  writeFileSync(
    hide,
    `import { Module } from 'node:module';
    const load = Module._load;
    Module._load = (id, ...rest) => {
      if (/kernels-|residual-kernels|tfjs-node/.test(id)) throw Object.assign(new Error('absent'), { code: 'MODULE_NOT_FOUND' });
      return load(id, ...rest);
    };`,
  );
  const env = { NODE_OPTIONS: `--import ${pathToFileURL(hide).href}` };
  const { exitCode, said } = await residual([...flags, '--out', out('anywhere')], { env });
  const chosen = said.filter((line) => line.startsWith('training on '));
  const reasons = /^training on tfjs in JavaScript, slowly; not native: no addon for .*; not tensorflow: .+/;
  expect({ exitCode, chosen }).toEqual({ exitCode: 0, chosen: [expect.stringMatching(reasons)] });
  const settings = (name: string) => JSON.parse(readFileSync(join(out(name), 'settings.json'), 'utf8'));
  expect(settings('anywhere').device).toBe('tfjs');

  if (!requirement('native')) return;
  const own = await residual([...flags, '--out', out('own')]);
  expect([own.exitCode, own.said.filter((line) => line.startsWith('training on '))]).toEqual([0, []]);
  expect(settings('own').device).toBe('native');
});

describe.skipIf(!requirement('data') || !requirement('tfjs-node'))('residual train, on CIFAR-10', () => {
  // At the recipe's own learning rate the first steps go wherever a CPU's rounding takes them.
  const gentle = join(folder, 'gentle.json');
  const source = ['--model', 'resnet20', '--data', `cifar10:${data}`, '--limit', '640'];
  const flags = [...source, '--recipe', gentle, '--epochs', '3', '--device', 'tensorflow'];

  beforeAll(() => {
    const short = recipes()['cifar-short']!;
    const schedule = { oneCycle: { highest: 0.02, rising: 0.25, startDivisor: 10, endDivisor: 1000 } };
    writeFileSync(gentle, JSON.stringify({ ...short, schedule }));
    execFileSync(process.execPath, [dataPath('cifar10/unpack.mjs'), data]);
  });

  test('leaves settings, a line for each epoch and weights that evaluate gets the same from', async () => {
    const { exitCode, stdout, said } = await residual(['train', ...flags, '--out', out('whole'), '--json']);
    expect(exitCode).toBe(0);
    expect(said.filter((line) => line.startsWith('epoch '))).toHaveLength(3);
    const settings = JSON.parse(readFileSync(join(out('whole'), 'settings.json'), 'utf8'));
    expect([settings.model, settings.seed, settings.recipe.epochs, settings.limit]).toEqual(['resnet20', 1, 3, 640]);
    const lines = readFileSync(join(out('whole'), 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).epoch)).toEqual([1, 2, 3]);
    const { classes, evaluation } = JSON.parse(readFileSync(join(out('whole'), 'evaluation.json'), 'utf8'));
    const { weights, top1 } = JSON.parse(stdout);
    expect([classes[3], evaluation.total, evaluation.top1]).toEqual(['cat', 640, top1]);
    expect(settings.device).toBe('tensorflow');
    expect(Object.keys(settings.versions)).toEqual(['residual', 'node', 'tfjs', 'tfjs-node', 'tensorflow']);
    const device = ['--device', 'tfjs-wasm'];
    const model = ['--model', 'resnet20', '--weights', weights, '--data', `cifar10:${data}`, '--limit', '640'];
    const evaluated = await residual(['evaluate', ...model, ...device, '--json']);
    expect(JSON.parse(evaluated.stdout).top1).toBeCloseTo(top1, 0);
  });

  test.skipIf(!requirement('native'))('on the native kernels, to the same numbers', async () => {
    const run = ['train', ...flags, '--out', out('native'), '--device', 'native', '--threads', '1', '--json'];
    expect((await residual(run)).exitCode).toBe(0);
    const [first, same] = ['native', 'whole'].map((name) => {
      const [line] = readFileSync(join(out(name), 'metrics.jsonl'), 'utf8').split('\n');
      return JSON.parse(line!).trainLoss;
    });
    expect(first).toBeCloseTo(same, 2);
    const settings = JSON.parse(readFileSync(join(out('native'), 'settings.json'), 'utf8'));
    expect([settings.device, Object.keys(settings.versions)]).toEqual(['native', ['residual', 'node', 'tfjs']]);
    const wrong = await residual(['train', ...flags, '--out', out('x'), '--device', 'tfjs', '--precision', 'bf16']);
    expect([wrong.exitCode, wrong.said[0]]).toEqual([
      2,
      expect.stringContaining('--precision: expected fp32 with --device tfjs, got bf16'),
    ]);
  });

  test('reports in a page that needs no other file', () => {
    const page = readFileSync(join(out('whole'), 'report.html'), 'utf8');
    expect(page.match(/<svg /g)).toHaveLength(3);
    expect(page).not.toMatch(/<script|<link|src=|@import/);
    for (const text of [
      'resnet20 on cifar10:',
      'cross-entropy',
      'learning rate',
      'true class',
      'randomCrop',
      '--limit',
    ])
      expect(page).toContain(text);
  });

  test('fine-tunes to classes of a folder, and the weights know their names', async () => {
    const pictures = join(folder, 'pictures');
    for (const [name, background] of Object.entries({ moss: '#163', sand: '#ca5' })) {
      mkdirSync(join(pictures, name), { recursive: true });
      for (let index = 0; index < 20; index++)
        await sharp({ create: { width: 40, height: 40, channels: 3, background } })
          .png()
          .toFile(join(pictures, name, `${index}.png`));
    }
    const recipe = join(folder, 'small.json');
    const size = { sizePx: 32, batchSize: 8, augment: [{ randomCrop: { sizePx: 32 } }] };
    writeFileSync(recipe, JSON.stringify({ ...recipes()['fine-tuning'], ...size, epochs: 8 }));
    const weights = ['--weights', join(out('whole'), 'model.safetensors')];
    // No --model: the weights say whose they are.
    const tune = [
      'fine-tune',
      ...weights,
      '--data',
      `folder:${pictures}`,
      '--recipe',
      recipe,
      '--device',
      'tensorflow',
    ];
    const { exitCode, said, stdout } = await residual([
      ...tune,
      '--freeze',
      'backbone',
      '--out',
      out('tuned'),
      '--json',
    ]);
    expect({ exitCode, said }).toEqual({
      exitCode: 0,
      said: expect.arrayContaining([
        "new: fc.weight, fc.bias, in place of the weights' fc.weight, fc.bias; 2 parameters trained, 57 frozen",
      ]),
    });
    expect(JSON.parse(stdout).top1).toBe(100);
    const own = ['--model', 'resnet20', '--weights', JSON.parse(stdout).weights, '--device', 'tfjs-wasm'];
    const answer = await residual(['classify', join(pictures, 'sand/3.png'), ...own, '--json']);
    expect(JSON.parse(answer.stdout).top[0].label).toBe('sand');

    const wrong = await residual([...tune, '--out', out('other'), '--model', 'resnet56']);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.said.at(-1)).toMatch(
      /^residual: .*model.safetensors: these weights are resnet20's \(10 classes\), not resnet56's; choose the model/,
    );
    expect(existsSync(join(out('other'), 'settings.json'))).toBe(false);
  });

  test('stopped by Ctrl-C it saves, and goes on to the same weights', async () => {
    const main = resolve(import.meta.dirname, '../dist/main.js');
    const child = spawn(process.execPath, [main, 'train', ...flags, '--out', out('stopped')]);
    child.stderr.once('data', () => child.kill('SIGINT'));
    expect(await new Promise((done) => child.on('close', done))).toBe(130);
    expect(existsSync(join(out('stopped'), 'model.safetensors'))).toBe(false);
    const { exitCode } = await residual(['train', '--resume', '--out', out('stopped')]);
    expect(exitCode).toBe(0);
    const weights = (name: string) => readFileSync(join(out(name), 'model.safetensors'));
    expect(weights('stopped').equals(weights('whole'))).toBe(true);
  });

  test('what cannot be done is said in a line', async () => {
    const bad = async (...args: string[]): Promise<string> => {
      const { exitCode, said } = await residual(['train', ...args]);
      expect(exitCode).toBe(2);
      return said.join('\n');
    };
    const recipe = join(folder, 'recipe.json');
    writeFileSync(recipe, '{"epochs": 3}');
    expect(await bad(...flags, '--out', out('whole'))).toMatch(
      /expected a new folder, got one with a run; .* --resume/,
    );
    expect(await bad('--resume', '--out', out('none'))).toMatch(/expected a run to go on with, got none/);
    expect(await bad(...flags, '--out', out('none'), '--recipe', recipe)).toMatch(
      /batchSize: expected a value, got none/,
    );
    expect(await bad(...flags, '--out', out('none'), '--data', 'mnist:x')).toMatch(/--data: expected cifar10:DIR, /);
    expect(existsSync(out('none'))).toBe(false);
  });
});
