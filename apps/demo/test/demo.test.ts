import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { tfjsWasm } from '@residual/backend-wasm/node';
import { createClassifier } from '@residual/classifier';
import { dataPath, requirement } from '@residual/testing';
import { decodeImage } from '@residual/vision/node';
import { readStateDictFile } from '@residual/weights/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltDemo, buildDemo } from './visitor.ts';

const MAX_FIRST_LOAD_KB = 250;
const WIDE = { width: 1100, height: 900 };
const PHONE = { width: 390, height: 844 };

/** One transparent pixel. */
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe.skipIf(!requirement('chromium'))('the built page', () => {
  let demo: BuiltDemo;
  beforeAll(async () => {
    demo = await buildDemo(join(import.meta.dirname, '..'));
  });
  afterAll(() => demo?.close());

  function file(name: string, content: string | Uint8Array): string {
    const path = join(demo.folder, name);
    writeFileSync(path, content);
    return path;
  }

  test('without a WebGPU adapter, WASM serves and the reason is told; without weights it says what to do', () =>
    demo.visit({ webgpu: false }, async (visitor) => {
      expect(await visitor.textOnce('device-output', /Computes/)).toBe(
        'Computes with tfjs-wasm 4.22.0 on WebAssembly SIMD, 1 thread.' +
          'tfjs-webgpu was passed over: WebGPU has no adapter here: no GPU, or its driver is blocked.',
      );
      expect(await visitor.textOnce('model-output', /./)).toContain('Choose or drop a file of ResNet weights');
      expect(await visitor.textOnce('answer-waiting', /./)).toBe('Waits for weights and a picture.');
      expect(await visitor.violations()).toEqual([]);
      await visitor.screenshot('empty', WIDE);
    }));

  test('by keyboard: every control in the order of the page, and its focus is seen', () =>
    demo.visit({ webgpu: false }, async ({ page, textOnce }) => {
      await textOnce('device-output', /Computes/);
      const seen: unknown[] = [];
      for (let i = 0; i < 6; i++) {
        await page.keyboard.press('Tab');
        seen.push(
          await page.evaluate(() => {
            const { id, parentElement } = document.activeElement!;
            const shows = [document.activeElement!, parentElement!].some(
              (node) => getComputedStyle(node).outlineWidth === '3px',
            );
            return shows && id;
          }),
        );
      }
      expect(seen).toEqual(['language', 'tab-classify', 'picture-file', 'weights-file', 'model-name', 'device-name']);
      await page.focus('#tab-classify');
      await page.keyboard.press('ArrowLeft');
      expect(await page.evaluate('document.activeElement.id')).toBe('tab-learn');
    }));

  test('on a cross-origin isolated page, and under a path of its own', () =>
    demo.visit({ webgpu: false, isolated: true }, async ({ page, textOnce }) => {
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      await textOnce('device-output', /Computes with tfjs-wasm/);
    }));

  test('code that cannot be loaded is told, and the page starts again', () =>
    demo.visit({ webgpu: false }, async ({ page, complaints, textOnce }) => {
      await textOnce('device-output', /Computes/);
      demo.refuse(/worker/);
      await page.select('#device-name', 'tfjs-wasm');
      await textOnce('device-output', /its code could not be loaded/);
      demo.refuse(undefined);
      await page.locator('#device-output button').click();
      await textOnce('device-output', /^Computes with tfjs-wasm/);
      for (const complaint of complaints.splice(0)) expect(complaint).toMatch(/worker.* failed|503/);
    }));

  test('WebGPU alone, where there is none: it says why, and another choice goes on', () =>
    demo.visit({ webgpu: false }, async (visitor) => {
      await visitor.page.select('#device-name', 'tfjs-webgpu');
      expect(await visitor.textOnce('device-output', /no tfjs backend/)).toContain('WebGPU has no adapter here');
      await visitor.page.select('#device-name', 'tfjs-wasm');
      await visitor.textOnce('device-output', /^Computes with tfjs-wasm/);
    }));

  test('files that are not what they should be: one clear line each, and the page goes on', () =>
    demo.visit({ webgpu: false }, async (visitor) => {
      await visitor.pick('weights-file', file('noise.safetensors', new Uint8Array(5000).fill(7)));
      expect(await visitor.textOnce('model-output', /noise\.safetensors: /)).not.toContain('\n');
      await visitor.pick('picture-file', file('notes.png', 'only text'));
      expect(await visitor.textOnce('picture-output', /notes\.png: /)).toBe(
        'notes.png: expected a picture that this browser decodes, got image/png; convert it to JPEG or PNG',
      );
      expect(await visitor.violations()).toEqual([]);
      await visitor.screenshot('problems', WIDE);
      await visitor.pick('picture-file', file('dot.png', Buffer.from(DOT, 'base64')));
      await visitor.textOnce('picture-output', /dot\.png, 1 × 1 pixels/);
    }));

  test('the lab trains a net here, with its curves, and stops when told', () =>
    demo.visit({ webgpu: false }, async (visitor) => {
      const { page, textOnce } = visitor;
      await page.locator('#tab-lab').click();
      await page.waitForSelector('#lab-depth');
      await page.select('#lab-depth', '8');
      await page.locator('#lab-train').click();
      // Ten classes: a loss of about ln 10 to begin with.
      const text = await textOnce('lab-runs', /plain 8[2-9] % on tfjs-cpu, JavaScript\d/);
      expect(Math.abs(Number.parseFloat(/JavaScript([\d.]+)/.exec(text)![1]!) - Math.log(10))).toBeLessThan(0.7);
      await page.locator('#lab-stop').click();
      await textOnce('lab-runs', /stopped at \d+ %/);
      expect(await page.$$eval('.chart canvas', (found) => found.length)).toBe(1);
      expect(await visitor.violations()).toEqual([]);
      await visitor.screenshot('lab', WIDE);
      await visitor.screenshot('lab-phone', PHONE);
    }));

  test('the networks of the lesson are counted as published; in Chinese too', () =>
    demo.visit({ webgpu: false }, async (visitor) => {
      const { page, textOnce } = visitor;
      await page.locator('#tab-learn').click();
      const text = await textOnce('learn-costs', /resnet152/);
      expect(text).toContain('resnet18BasicBlock2 + 2 + 2 + 211,689,5121.81 G');
      expect(text).toContain('resnet50Bottleneck3 + 4 + 6 + 325,557,0324.09 G');
      expect(await page.$eval('.learn', (article) => article.textContent)).toContain('73,728 weights');
      expect(await visitor.violations()).toEqual([]);
      await visitor.screenshot('learn', WIDE);
      await page.select('#language', 'zh');
      await textOnce('panel-learn', /为什么要残差网络/);
      expect(await page.evaluate('document.documentElement.lang')).toBe('zh');
      expect(await visitor.violations()).toEqual([]);
      await visitor.screenshot('learn-zh-phone', PHONE);
    }));

  test('the first load is small', () =>
    demo.visit({ webgpu: true }, async (visitor) => {
      await visitor.textOnce('device-output', /Computes with tfjs-webgpu/);
      const sizes = demo
        .requestedFiles(/\.(html|js|css)$/)
        .map((path) => [
          path.replace(/^.*\/|-.{8}(?=\.)/g, ''),
          gzipSync(readFileSync(path), { level: 9 }).length / 1000,
        ]) as [string, number][];
      const totalKb = sizes.reduce((sum, [, size]) => sum + size, 0);
      const parts = sizes.map(([name, size]) => `${name} ${size.toFixed(1)}`).join(', ');
      console.log(`first load, gzip: ${totalKb.toFixed(1)} KB (${parts})`);
      expect(totalKb).toBeLessThan(MAX_FIRST_LOAD_KB);
    }));

  describe.skipIf(!requirement('data'))('with real weights and a photograph', () => {
    const resnet20 = () => dataPath('weights/akamaster/resnet20-12fca82f.th');
    const photo = () => dataPath('imagenet/images/chelsea.png');

    test.skipIf(!requirement('webgpu'))('resnet20 on WebGPU answers as it does in Node', () =>
      demo.visit({ webgpu: true }, async (visitor) => {
        expect(await visitor.textOnce('device-output', /Computes/)).toBe(
          'Computes with tfjs-webgpu 4.22.0 on google swiftshader.',
        );
        await visitor.pick('weights-file', resnet20());
        await visitor.pick('picture-file', dataPath('imagenet/images/coffee.png'));
        const model = await visitor.textOnce('model-output', /resnet20.*all fit/);
        expect(model).toMatch(/^resnet20, told by the weights: 0\.27 M parameters, 10 classes, pictures of 32 × 32\./);
        expectSame(
          await visitor.bars(),
          await answerInNode('resnet20', resnet20(), dataPath('imagenet/images/coffee.png')),
        );
        expect(await visitor.textOnce('answer-output', /Network/)).toContain('the first run');
        expect(await visitor.violations()).toEqual([]);
        await visitor.screenshot('resnet20-webgpu', WIDE);
      }),
    );

    test('resnet18 on WASM answers as PyTorch does; a wrong model is told, and one click takes the right one', () =>
      demo.visit({ webgpu: false }, async (visitor) => {
        const packed = dataPath('weights/imagenet_ktb/resnet18_ktb_small.safetensors.gz');
        const weights = file('resnet18.safetensors', gunzipSync(readFileSync(packed)));
        await visitor.textOnce('device-output', /Computes/);
        await visitor.page.select('#model-name', 'resnet50');
        await visitor.drop([weights, photo()]);
        expect(await visitor.textOnce('model-output', /choose the model resnet18/)).toContain(
          "resnet18.safetensors: these weights are resnet18's (1000 classes), not resnet50's",
        );
        await visitor.page.locator('#model-output button').click();
        await visitor.textOnce('model-output', /^resnet18: 11\.7 M parameters, 1,000 classes/);
        const { top5, prob } = expectedOf('chelsea.png');
        const { default: classes } = await import(dataPath('imagenet/imagenet_classes.json'), {
          with: { type: 'json' },
        });
        const bars = await visitor.bars();
        expect(bars[0]!.label).toContain(classes[top5[0]!].name.split(',')[0]);
        prob.forEach((probability, rank) => {
          expect(Math.abs(bars[rank]!.percent - 100 * probability)).toBeLessThan(0.25);
        });
        expect(await visitor.violations()).toEqual([]);
        await visitor.screenshot('resnet18-light', WIDE);
        await visitor.screenshot('resnet18-phone', PHONE);
        await visitor.dark();
        expect(await visitor.violations()).toEqual([]);
        await visitor.screenshot('resnet18-dark', WIDE);
        await visitor.screenshot('resnet18-dark-phone', PHONE);
        expect(await visitor.page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
      }));

    test('a pasted picture and another device: the answer stays, within rounding', () =>
      demo.visit({ webgpu: true }, async (visitor) => {
        await visitor.page.select('#device-name', 'tfjs-wasm');
        await visitor.textOnce('device-output', /^Computes with tfjs-wasm/);
        await visitor.pick('weights-file', resnet20());
        await visitor.paste(photo());
        const onWasm = await visitor.bars();
        await visitor.page.select('#device-name', 'tfjs-webgpu');
        await visitor.textOnce('device-output', /^Computes with tfjs-webgpu/);
        expectSame(await visitor.bars(), onWasm);
      }));
  });
});

interface Bar {
  readonly label: string;
  readonly percent: number;
}

function expectSame(bars: readonly Bar[], expected: readonly Bar[]): void {
  expect(bars.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
  bars.forEach(({ percent }, rank) => {
    expect(Math.abs(percent - expected[rank]!.percent)).toBeLessThan(0.11);
  });
}

async function answerInNode(model: string, weights: string, picture: string): Promise<Bar[]> {
  await tfjsWasm().use();
  const classifier = await createClassifier({ model, weights: await readStateDictFile(weights) });
  const predictions = await classifier.classify(await decodeImage(picture));
  classifier.dispose();
  return predictions.map(({ label, score }) => ({ label: label!, percent: 100 * score }));
}

function expectedOf(name: string): { top5: number[]; prob: number[] } {
  const { images } = createRequire(import.meta.url)(dataPath('imagenet/images/expected.json'));
  return images.find((entry: { file: string }) => entry.file === name).resnet18_ktb_small;
}
