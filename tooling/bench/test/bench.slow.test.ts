import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { expect, test } from 'vitest';
import { type BenchReport, bench } from '../src/bench.ts';
import { type BenchFlags, candidates, parseOptions } from '../src/options.ts';
import { maxDifference } from '../src/pictures.ts';
import { writePlot } from '../src/plot.ts';
import { formatReport } from '../src/report.ts';
import { timesPlot } from '../src/times-plot.ts';

const flags: BenchFlags = {
  model: 'resnet20',
  engines: 'wasm',
  peers: 'tfjs-wasm,onnxruntime-node,onnxruntime-web',
  batch: '3',
  precision: 'fp32',
  size: '32',
  rounds: '2',
  threads: '1',
};

function run(changed: Partial<BenchFlags> = {}): Promise<BenchReport> {
  const signal = new AbortController().signal;
  return bench(parseOptions({ ...flags, ...changed }), { signal, say: () => undefined });
}

test('engine and peers are measured in turn and agree; table and plot name them', async () => {
  const report = await run();
  expect(report.missing).toEqual([]);
  const names = report.rows.map(({ engine }) => engine);
  expect(names).toEqual(['wasm', 'tfjs-wasm', 'onnxruntime-node', 'onnxruntime-web']);
  for (const row of report.rows) {
    expect(row).toMatchObject({ model: 'resnet20', precision: 'fp32', batch: 3 });
    expect(row.maxDiff, row.engine).toBeLessThan(1e-5);
    for (const value of [row.loadMs, row.firstMs, row.warmMs, row.peakMB]) expect(value, row.engine).toBeGreaterThan(0);
    expect(row.spread[0]).toBeLessThanOrEqual(row.warmMs);
    expect(row.spread[1]).toBeGreaterThanOrEqual(row.warmMs);
  }
  expect(report.rows[2]!.variant).toMatch(/^(as it comes|allow_spinning off)$/);
  expect(report.ratios.map(({ engine, peer }) => [engine, peer])).toEqual(
    ['tfjs-wasm', 'onnxruntime-node', 'onnxruntime-web'].map((peer) => ['wasm', peer]),
  );
  const text = formatReport(report);
  const folder = await mkdtemp(join(tmpdir(), 'residual-plot-'));
  await writePlot(join(folder, 'times.svg'), timesPlot(report));
  const svg = await readFile(join(folder, 'times.svg'), 'utf8');
  await rm(folder, { recursive: true });
  for (const name of names) {
    expect(text).toContain(name);
    expect(svg).toContain(name);
  }
});

test('an engine that cannot run here is left out, with its reason', async () => {
  const report = await run({ engines: 'native,wasm', peers: '', isa: 'abacus' });
  expect(report.rows.map(({ engine }) => engine)).toEqual(['wasm']);
  expect(report.missing).toEqual([{ engine: 'native', reason: expect.stringMatching(/abacus|no addon/) }]);
});

test.skipIf(!requirement('webgpu'))(
  'on a Vulkan driver the plan, in halves too, and peers on WebGPU agree; of several pictures LiteRT.js is left out',
  { timeout: 300_000 },
  async () => {
    const changed = { engines: 'webgpu', precision: 'fp32,fp16', driver: 'swiftshader', rounds: '1' };
    const { rows, missing } = await run({ ...changed, peers: 'tfjs-webgpu,litert-webgpu', batch: '1' });
    expect(missing).toEqual([]);
    expect(rows.map(({ engine, precision }) => `${engine} ${precision}`)).toEqual([
      'webgpu fp32',
      'webgpu fp16',
      'tfjs-webgpu fp32',
      'litert-webgpu fp32',
    ]);
    for (const { engine, precision, maxDiff } of rows)
      expect(maxDiff, engine).toBeLessThan(precision === 'fp16' ? 5e-3 : 1e-5);
    expect(rows.map(({ device }) => device)).toEqual([
      expect.stringMatching(/^SwiftShader/),
      expect.stringMatching(/^SwiftShader.*, fp16$/),
      'webgpu',
      expect.stringMatching(/^LiteRT\.js [\d.]+, SwiftShader/),
    ]);
    const several = await run({ ...changed, peers: 'litert-webgpu', batch: '2', precision: 'fp32' });
    expect(several.missing).toEqual([{ engine: 'litert-webgpu', reason: expect.stringContaining('one picture') }]);
  },
);

test('a peer whose Python is absent is left out, with its reason', async () => {
  const report = await run({ peers: 'openvino', rounds: '1', python: 'no-such-python' });
  expect(report.rows.map(({ engine }) => engine)).toEqual(['wasm']);
  expect(report.missing).toEqual(
    ['openvino (pinned)', 'openvino (not pinned)'].map((engine) => ({
      engine,
      reason: expect.stringMatching(/^no-such-python: expected an answer, .*ENOENT; --python names another Python$/),
    })),
  );
});

test.skipIf(!requirement('python'))(
  'PyTorch agrees, eagerly and frozen; of toolkits that Python lacks a line says how to install them',
  { timeout: 120_000 },
  async () => {
    const peers = 'torch,openvino,onnxruntime-node';
    const python = '/usr/bin/python3';
    const changed = { model: 'resnet18', peers, precision: 'fp32,int8', rounds: '1', python };
    const { rows, ratios, missing } = await run(changed);
    expect(rows.map(({ engine }) => engine)).toEqual(['wasm', 'torch', 'onnxruntime-node']);
    expect(rows[1]!.variant).toMatch(/^(eager|torch\.compile|torch\.jit)$/);
    expect(rows[1]!.device).toMatch(/^PyTorch \d+\.\d+/);
    for (const { engine, maxDiff } of rows) expect(maxDiff, engine).toBeLessThan(1e-5);
    expect(ratios.map(({ peer, peerPrecision }) => `${peer} ${peerPrecision}`)).toEqual([
      'torch fp32',
      'onnxruntime-node fp32',
    ]);
    const reasons = Object.fromEntries(missing.map(({ engine, reason }) => [engine, reason]));
    const install = (name: string): string =>
      `expected the package ${name}, got none; ${python} -m pip install ${name}`;
    expect(reasons['openvino (pinned)']).toBe(install('openvino'));
    expect(reasons['openvino int8 (pinned)']).toContain(install('nncf'));
    expect(reasons['onnxruntime-node int8 (as it comes)']).toContain(install('onnxruntime'));
  },
);

test('an aborted bench ends its processes and rejects with the reason', async () => {
  const abort = new AbortController();
  const running = bench(parseOptions({ ...flags, rounds: '100000' }), {
    signal: abort.signal,
    say: (line) => line.includes('rounds') && abort.abort(new Error('enough')),
  });
  await expect(running).rejects.toThrow('enough');
});

test('everybody computes in the precisions that it has, and as often as it has variants', () => {
  const options = parseOptions({ ...flags, engines: 'native,tensorflow', precision: 'fp32,bf16,int8' });
  const named = candidates(options, 1).map(({ engine, precision, variant }) => [engine, precision, variant].join(' '));
  expect(named.map((name) => name.trim())).toEqual([
    'native fp32',
    'native bf16',
    'native int8',
    'tensorflow fp32',
    'tensorflow bf16',
    'tfjs-wasm fp32',
    'onnxruntime-node fp32 as it comes',
    'onnxruntime-node fp32 allow_spinning off',
    'onnxruntime-node int8 as it comes',
    'onnxruntime-node int8 allow_spinning off',
    'onnxruntime-web fp32',
  ]);
});

test.each([
  [{ engines: 'warp' }, /--engines: expected some of native, .* got 'warp'/],
  [{ model: 'resnet19' }, /--model: expected some of .* got 'resnet19'/],
  [{ batch: '0' }, /--batch: expected a whole number from 1, got '0'/],
  [{ precision: 'fp4' }, /--precision: expected some of fp32, fp16, bf16, int8, got 'fp4'/],
  [{ driver: 'abacus' }, /--driver: expected some of lavapipe, swiftshader, got 'abacus'/],
])('%o is refused', (changed, message) => {
  expect(() => parseOptions({ ...flags, ...changed })).toThrow(message);
});

test('the difference is over the largest of the reference, of two rows in turn, and NaN is not passed over', () => {
  const reference = Float32Array.of(1, -4, 2, 0);
  expect(maxDifference(Float32Array.of(1, -4, 2, 0, 1, -4), reference)).toBe(0);
  expect(maxDifference(Float32Array.of(1, -4, 2, 0, 1, -3), reference)).toBe(0.25);
  expect(maxDifference(Float32Array.of(1, Number.NaN, 2, 0), reference)).toBeNaN();
});
