import { gzipSync } from 'node:zlib';
import { bundleScript } from '@residual/testing/scripted-page';
import { describe, expect, test } from 'vitest';

/** All the JavaScript of a page, tfjs-core included, without weights; kB are thousands of bytes, by gzip. */
const pages = [
  {
    page: 'runs a plan made ahead of time',
    source: `export { loadPlan, PictureInput } from './runtime/index.ts';`,
    kilobytes: 15,
  },
  {
    page: 'builds and traces a ResNet-18 itself',
    source: `
      import { webgpu } from './webgpu-engine.ts';
      import { trace } from '@residual/compile';
      import { resnet18Spec, ResNet } from '@residual/resnet';
      export async function compile(weights) {
        const vars = (t) => (path, { shape }) => t.parameter(path, shape);
        const graph = await trace((t) => ({
          logits: new ResNet(resnet18Spec, { vars: vars(t) }).forward(t.input('image', [1, 224, 224, 3])),
        }));
        return webgpu().compile(graph, weights);
      }`,
    kilobytes: 90,
  },
];

describe('a page', () => {
  test.each(pages)('that $page needs at most $kilobytes kB of JavaScript', async ({ page, source, kilobytes }) => {
    const code = await bundleScript(import.meta.dirname, source);
    const size = gzipSync(code, { level: 9 }).byteLength / 1000;
    console.log(`a page that ${page}: ${size.toFixed(1)} kB (gzip)`);
    expect(size).toBeLessThanOrEqual(kilobytes);
  });
});
