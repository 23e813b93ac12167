import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { expect, test } from 'vitest';
import type { BenchFlags } from '../src/options.ts';
import { writePlot } from '../src/plot.ts';
import { type ProfileReport, profileBench } from '../src/profile/profile-bench.ts';
import { parseProfileOptions } from '../src/profile/profile-options.ts';
import { rooflineOf } from '../src/profile/roofline.ts';
import { rooflinePlot } from '../src/profile/roofline-plot.ts';
import { formatProfiles } from '../src/profile/roofline-report.ts';

function run(flags: Partial<BenchFlags>): Promise<ProfileReport> {
  const options = parseProfileOptions({ precision: 'fp32', rounds: '2', threads: '1', ...flags });
  return profileBench(options, flags.training ?? false, { signal: new AbortController().signal, say: () => undefined });
}

const engines = requirement('native') ? ['native', 'wasm'] : ['wasm'];

test('ResNet-18 at 224² has its 1,814,073,344 multiply-adds, each layer once; table and plot have them', async () => {
  const report = await run({ model: 'resnet18', engines: engines.join(',') });
  expect(report.missing).toEqual([]);
  expect(report.profiles.map(({ engine }) => engine)).toEqual(engines);
  const text = formatProfiles(report);
  for (const { roofline } of report.profiles) {
    const { steps, total, limits, runMs } = roofline;
    expect(total.multiplyAdds).toBe(1_814_073_344);
    const computing = steps.filter(({ multiplyAdds }) => multiplyAdds > 0);
    // Twenty convolutions and the last layer.
    expect(new Set(computing.map(({ name }) => name)).size).toBe(21);
    expect(computing).toHaveLength(21);
    // Winograd saves some of them.
    expect(total.computedMultiplyAdds).not.toBe(total.multiplyAdds);
    expect(total.timeMs).toBeGreaterThan(runMs / 3);
    expect(total.timeMs).toBeLessThan(runMs * 3);
    for (const limit of [limits.multiplyAddsPerSecond, limits.bytesPerSecond]) expect(limit).toBeGreaterThan(1e7);
    const gains = steps.map(({ gainMs }) => gainMs);
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
    for (const { name } of computing) expect(text).toContain(name);
  }
  expect(text).toMatch(/│ total /);
  const folder = await mkdtemp(join(tmpdir(), 'residual-plot-'));
  await writePlot(join(folder, 'roofline.svg'), rooflinePlot(report));
  const svg = await readFile(join(folder, 'roofline.svg'), 'utf8');
  await rm(folder, { recursive: true });
  expect(svg).toMatch(/^<svg[^>]*>.*<\/svg>$/s);
  expect(svg).not.toMatch(/NaN|Infinity/);
  for (const part of ['GMAC/s', 'multiply-adds a byte', 'direct', ...engines]) expect(svg).toContain(part);
});

test.skipIf(!requirement('native'))('a step of training has each convolution and both its gradients', async () => {
  const report = await run({ training: true, batch: '2' });
  expect(report.missing).toEqual([]);
  const [profiled] = report.profiles;
  expect(profiled).toMatchObject({ model: 'resnet20', batch: 2, engine: 'native', isTraining: true });
  const { steps } = profiled!.roofline;
  const count = (kind: RegExp): number => steps.filter((step) => kind.test(step.kind) && step.multiplyAdds > 0).length;
  // Nineteen convolutions, of which the first needs no gradient of its picture.
  expect(steps.map(({ name, kind }) => `${name} ${kind}`)).toEqual(
    expect.arrayContaining(
      ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'].map((kind) =>
        expect.stringMatching(`^layer2\\.0\\.conv2 (Fused)?${kind}$`),
      ),
    ),
  );
  expect([count(/^(Fused)?Conv2D$/), count(/BackpropFilter/), count(/BackpropInput/)]).toEqual([19, 19, 18]);
});

test('what could be gained is the time beyond the larger of the two limits', () => {
  const step = {
    name: 'conv1',
    kind: 'FusedConv2D',
    algorithm: 'direct',
    shape: [1, 8, 8, 16],
    timeMs: 4,
    multiplyAdds: 2e9,
    computedMultiplyAdds: 3e9,
    weightBytes: 1e6,
    readBytes: 1e6,
    writtenBytes: 8e6,
  };
  const fast = { ...step, name: 'add', timeMs: 1, multiplyAdds: 0, computedMultiplyAdds: 0 };
  const winograd = {
    ...step,
    name: 'conv2',
    algorithm: 'winograd f2',
    computedMultiplyAdds: 1e9,
    readBytes: 0,
    writtenBytes: 0,
  };
  const profile = { engine: 'native', device: 'any', runs: 1, runMs: 10, steps: [fast, step, winograd] };
  const limits = { multiplyAddsPerSecond: 1e12, bytesPerSecond: 5e9, how: 'by hand' };
  const { steps, total } = rooflineOf(profile, limits);
  expect(steps.map(({ name }) => name)).toEqual(['conv2', 'conv1', 'add']);
  // 1 ms of the multiply-adds that are left.
  expect(steps[0]).toMatchObject({ ofPeak: 0.5, gainMs: 3 });
  // 2 ms of multiply-adds, 2 ms of bytes.
  expect(steps[1]).toMatchObject({ multiplyAddsPerSecond: 5e11, ofPeak: 0.5, ofBandwidth: 0.5, gainMs: 2 });
  expect(steps[1]!.share).toBeCloseTo(4 / 9);
  // In a cache: faster than memory.
  expect(steps[2]).toMatchObject({ gainMs: 0, ofBandwidth: 2, ofPeak: 0 });
  expect(total).toMatchObject({ timeMs: 9, multiplyAdds: 4e9, gainMs: 5 });
});
