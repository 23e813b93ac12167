import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleScript } from '@residual/testing/scripted-page';
import Table from 'cli-table3';
import { expect, test } from 'vitest';

/** All the JavaScript of pages that classify with a ResNet-18 on WebGPU, without weights. */
const pages = {
  plan: {
    page: '@residual/backend-webgpu/runtime, plan made ahead of time',
    source: `export { loadPlan, PictureInput } from '@residual/backend-webgpu/runtime';`,
  },
  traced: {
    page: '@residual/backend-webgpu, network built and traced in the page',
    source: `
      import { webgpu } from '@residual/backend-webgpu';
      import { trace } from '@residual/compile';
      import { resnet18Spec, ResNet } from '@residual/resnet';
      export async function compile(weights) {
        const vars = (t) => (path, { shape }) => t.parameter(path, shape);
        const graph = await trace((t) => ({
          logits: new ResNet(resnet18Spec, { vars: vars(t) }).forward(t.input('image', [1, 224, 224, 3])),
        }));
        return webgpu().compile(graph, weights);
      }`,
  },
  tfjsByKernel: {
    page: 'tfjs on its WebGPU backend, kernels registered one by one',
    source: `
      import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu';
      import { engine, Tensor } from '@tensorflow/tfjs-core/dist/base';
      import { registerBackend, ready } from '@tensorflow/tfjs-core/dist/globals';
      import { registerKernel } from '@tensorflow/tfjs-core/dist/kernel_registry';
      import { conv2d as fusedConv2d } from '@tensorflow/tfjs-core/dist/ops/fused/conv2d';
      import { matMul as fusedMatMul } from '@tensorflow/tfjs-core/dist/ops/fused/mat_mul';
      import { maxPool } from '@tensorflow/tfjs-core/dist/ops/max_pool';
      import { mean } from '@tensorflow/tfjs-core/dist/ops/mean';
      import { pad } from '@tensorflow/tfjs-core/dist/ops/pad';
      import { tensor } from '@tensorflow/tfjs-core/dist/ops/tensor';
      import { fusedConv2DConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/FusedConv2D';
      import { _fusedMatMulConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/_FusedMatMul';
      import { maxPoolConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/MaxPool';
      import { meanConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Mean';
      import { padV2Config } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/PadV2';
      import { reshapeConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Reshape';
      for (const config of [fusedConv2DConfig, _fusedMatMulConfig, maxPoolConfig, meanConfig, padV2Config, reshapeConfig])
        registerKernel(config);
      export { engine, fusedConv2d, fusedMatMul, maxPool, mean, pad, ready, registerBackend, Tensor, tensor, WebGPUBackend };`,
  },
  tfjs: {
    page: 'tfjs on its WebGPU backend, as usually imported',
    source: `
      import '@tensorflow/tfjs-backend-webgpu';
      import { fused, maxPool, mean, pad, ready, setBackend, tensor } from '@tensorflow/tfjs-core';
      export { fused, maxPool, mean, pad, ready, setBackend, tensor };`,
  },
  onnxruntime: {
    page: 'onnxruntime-web/webgpu',
    source: `export { InferenceSession, Tensor } from 'onnxruntime-web/webgpu';`,
  },
} as const;

test('a page needs little JavaScript: 15 kB with a plan, 90 kB to trace, and less than on tfjs', async () => {
  const kilobytes = {} as Record<keyof typeof pages, number>;
  for (const [name, { source }] of Object.entries(pages))
    kilobytes[name as keyof typeof pages] = compressedKb(
      withoutModules(await bundleScript(import.meta.dirname, source)),
    );
  const table = new Table({ head: ['page', 'JavaScript, kB (gzip)'], style: { head: [] } });
  for (const [name, { page }] of Object.entries(pages))
    table.push([page, kilobytes[name as keyof typeof pages].toFixed(1)]);
  console.log(
    `${table}\nonnxruntime-web fetches ${(webAssemblyKb() / 1000).toFixed(1)} MB of WebAssembly besides (gzip)`,
  );
  expect(kilobytes.plan).toBeLessThanOrEqual(15);
  expect(kilobytes.traced).toBeLessThanOrEqual(90);
  expect(kilobytes.plan).toBeLessThan(kilobytes.onnxruntime);
  expect(kilobytes.traced).toBeLessThan(kilobytes.tfjs);
});

/** WebAssembly, which the bundle has as text, is a file of its own in pages. */
function withoutModules(code: string): string {
  return code.replace(/data:application\/wasm;base64,[\w+/=]*/g, '');
}

function compressedKb(content: string | Uint8Array): number {
  return gzipSync(content, { level: 9 }).byteLength / 1000;
}

/** The module for WebGPU, as it lies in the package. */
function webAssemblyKb(): number {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  const file = readdirSync(folder).find((name) => name.endsWith('.asyncify.wasm'))!;
  return compressedKb(readFileSync(join(folder, file)));
}
