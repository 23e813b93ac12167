import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import type { GpuReport } from '@residual/backend-webgpu/report';
import { createModel } from '@residual/resnet/registry';
import { expectClose, requirement } from '@residual/testing';
import { webgpuEnvironment } from '@residual/testing/dawn';
import { writeSafetensors } from '@residual/weights';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { temporaryFolder } from './fixtures.ts';
import { residual } from './run-command.ts';

async function folderWithNet(): Promise<string> {
  const folder = temporaryFolder();
  await tfjsWasm().use();
  const model = createModel('resnet20');
  writeFileSync(join(folder, 'w.safetensors'), writeSafetensors(await model.stateDict()));
  model.dispose();
  const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: '#a5c' } });
  await picture.png().toFile(join(folder, 'p.png'));
  return folder;
}

const classify = ['classify', 'p.png', '--model', 'resnet20', '--weights', 'w.safetensors', '--json', '--logits'];

test.each(
  [
    {
      name: 'native',
      present: requirement('native'),
      says: /^native \((amx|avx512|avx2|neon|portable), fp32, \d+ threads?\)$/,
    },
    { name: 'tensorflow', present: requirement('tfjs-node'), says: /^tensorflow \(TensorFlow 2\.\d+\.\d+\)$/ },
    { name: 'wasm', present: true, says: /^wasm \(WASM relaxed-simd, \d+ threads?\)$/ },
    { name: 'tfjs', present: true, says: /^tfjs \((tensorflow|wasm)\)$/ },
    { name: 'tfjs-wasm', present: true, says: /^tfjs-wasm 4\.22\.0 on WebAssembly SIMD, 1 thread$/ },
  ].filter(({ present }) => present),
)('$name computes, says so in a line, and gives its name', async ({ name, says }) => {
  const cwd = await folderWithNet();
  const { exitCode, stdout, device } = await residual([...classify, '--device', name], { cwd });
  const eager = await residual([...classify, '--device', 'tfjs-wasm'], { cwd });
  expect(exitCode).toBe(0);
  expect(device).toMatch(says);
  const [answer, expected] = [stdout, eager.stdout].map((line) => JSON.parse(line));
  expect(answer.engine).toBe(name);
  expectClose(answer.logits, expected.logits, 1e-4);
});

test.skipIf(!requirement('lavapipe'))(
  'webgpu computes by Dawn, in float32 and in float16, and ends',
  { timeout: 600_000 },
  async () => {
    const cwd = await folderWithNet();
    const home = temporaryFolder();
    const env = { ...(await webgpuEnvironment('lavapipe')), RESIDUAL_HOME: home, RESIDUAL_NO_PACKED: '' };
    const eager = await residual([...classify, '--device', 'tfjs-wasm'], { cwd });
    const { logits: expected } = JSON.parse(eager.stdout);
    for (const [precision, tolerance, says] of [
      ['fp32', 1e-4, /^webgpu \(llvmpipe[^,]*\)$/],
      ['fp16', 5e-3, /^webgpu \(llvmpipe.*, fp16\)$/],
    ] as const) {
      const flags = ['--device', 'webgpu', '--precision', precision];
      const { exitCode, stdout, device } = await residual([...classify, ...flags], { cwd, env });
      expect(exitCode).toBe(0);
      expect(device).toMatch(says);
      expectClose(JSON.parse(stdout).logits, expected, tolerance);
    }
    // What the check of the device found, in each precision; later starts do without it.
    const found = readdirSync(join(home, 'packed'));
    expect(found.map((name) => readFileSync(join(home, 'packed', name), 'utf8'))).toEqual(['{}', '{}']);
    const { stdout: list } = await residual(['cache', 'list'], { env });
    expect(list.match(/found of a GPU by webgpu/g)).toHaveLength(2);
    expect((await residual(['cache', 'clear'], { env })).stdout).toMatch(/packed: removed 2 files, 0\.0 MiB\n$/);
  },
);

test.skipIf(!requirement('lavapipe'))(
  'gpu-report says how far float16 is from float32, and how long both take',
  async () => {
    const env = await webgpuEnvironment('lavapipe');
    const { exitCode, stdout } = await residual(['gpu-report', '--json'], { env });
    expect(exitCode).toBe(0);
    const report: GpuReport = JSON.parse(stdout);
    const { adapter, pictures, sameTop1, largestDifference, largestLogit, times } = report;
    expect(report).toMatchObject({ format: 'residual-gpu-report', version: 1, model: 'wide_resnet14_2', sizePx: 32 });
    expect(report.engines.map(({ name }) => name)).toEqual(['webgpu', 'tfjs-webgpu', 'native']);
    for (const engine of report.engines) expect(engine).toMatchObject({ warmMs: expect.any(Number) });
    expect(adapter).toMatchObject({ vendor: 'mesa', features: expect.arrayContaining(['shader-f16']) });
    expect(adapter.subgroupSizes).toEqual([expect.any(Number), expect.any(Number)]);
    expect([pictures, sameTop1]).toEqual([2, 2]);
    expect(largestDifference / largestLogit).toBeLessThan(5e-3);
    for (const { warmMs, layers } of [times.fp32, times.fp16]) {
      expect(warmMs).toBeGreaterThan(0);
      expect(layers[0]!.algorithm).toMatch(/^direct/);
    }
  },
);

test('where the first of the list cannot run, the next serves and the line says why', async () => {
  const cwd = await folderWithNet();
  // An addon that is not there, as on a machine without one.
  const hide = `import { Module } from 'node:module';
    const load = Module._load;
    Module._load = (id, ...rest) => {
      if (/kernels-|residual-kernels/.test(id)) throw Object.assign(new Error('absent'), { code: 'MODULE_NOT_FOUND' });
      return load(id, ...rest);
    };`;
  writeFileSync(join(cwd, 'hide.mjs'), hide);
  const env = { NODE_OPTIONS: `--import ${pathToFileURL(join(cwd, 'hide.mjs')).href}` };

  const { exitCode, stdout, device, said } = await residual(classify, { cwd, env });
  expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
  expect(device).toMatch(/^wasm \(WASM relaxed-simd, \d+ threads?\); not native: no addon for /);
  expect(JSON.parse(stdout).engine).toBe('wasm');

  const refused = await residual([...classify, '--device', 'native'], { cwd, env });
  expect(refused.exitCode).toBe(2);
  expect(refused.said[0]).toMatch(
    /^residual: --device: expected one that can run here, got native: no addon for .*; add wasm/,
  );
});
