import { requirement } from '@residual/testing';
import { expect, test } from 'vitest';
import { browserBench } from '../src/browser/browser-bench.ts';
import { browserEngines, parseBrowserOptions } from '../src/browser/browser-options.ts';
import { formatBrowserReport } from '../src/browser/browser-report.ts';

const flags = { model: 'resnet20', batch: '1', precision: 'fp32', size: '32', rounds: '1', threads: '2' };

test.skipIf(!requirement('webgpu'))(
  'in the browser, plan and peers agree, and what each run takes of WebGPU is counted',
  { timeout: 400_000 },
  async () => {
    const hooks = { signal: new AbortController().signal, say: () => undefined };
    const report = await browserBench(parseBrowserOptions(flags), hooks);
    expect(report.missing).toEqual([]);
    expect(report.rows.map(({ engine }) => engine)).toEqual([...browserEngines]);
    for (const row of report.rows) {
      expect(row.maxDiff, row.engine).toBeLessThan(1e-5);
      for (const value of [row.loadMs, row.firstMs, row.warmMs]) expect(value).toBeGreaterThan(0);
      const onGpu = row.engine.endsWith('webgpu');
      for (const value of [row.gpuMB, row.pipelines, row.dispatches]) expect(value > 0, row.engine).toBe(onGpu);
    }
    // 19 convolutions, two shortcuts of two operations, the mean and the head; a warm run allocates nothing.
    expect(report.rows[0]).toMatchObject({ dispatches: 25, submits: 1, newBuffers: 0 });
    expect(report.ratios.map(({ engine, peer }) => `${engine} : ${peer}`)).toEqual([
      'webgpu : tfjs-webgpu',
      'webgpu : onnxruntime-web-webgpu',
      'webgpu : litert-web-webgpu',
      'wasm : tfjs-wasm',
      'wasm : onnxruntime-web-wasm',
      'wasm : litert-web-wasm',
    ]);
    expect(formatBrowserReport(report)).toMatch(/litert-web-wasm is LiteRT.js [\d.]+, XNNPACK as WASM, 2 threads/);
  },
);

test('an engine that is not of the browser is refused', () => {
  expect(() => parseBrowserOptions({ ...flags, engines: 'native' })).toThrow(
    /--engines: expected some of webgpu, tfjs-webgpu, .*, litert-web-wasm, got 'native'/,
  );
});
