import type { Graph } from '@residual/compile';
import { requirement } from '@residual/testing';
import { bundleScript, openScriptedPage } from '@residual/testing/scripted-page';
import type * as vision from '@residual/vision';
import { expect, test } from 'vitest';
import type { planFile } from '../plan-file.ts';
import type { webgpu } from '../webgpu-engine.ts';
import type { loadPlan } from './load-plan.ts';
import type { PictureInput } from './picture-input.ts';

declare const bundled: {
  loadPlan: typeof loadPlan;
  planFile: typeof planFile;
  PictureInput: typeof PictureInput;
  vision: typeof vision;
  webgpu: typeof webgpu;
};

test.skipIf(!requirement('webgpu'))(
  'a picture on the GPU is resized, cropped and normalised to the bit as on the CPU',
  { timeout: 300_000 },
  async () => {
    const differences = await inBrowser();
    expect(differences).toEqual({
      'smaller, landscape': 0,
      'again, another picture': 0,
      'smaller, portrait': 0,
      'larger, bicubic': 0,
      'smaller than the crop, from a canvas': 0,
      refused: 'BAD_INPUT',
    });
  },
);

async function inBrowser(): Promise<Record<string, number | string>> {
  const source = `export { loadPlan, PictureInput } from './index.ts';
export { planFile } from '../plan-file.ts';
export { webgpu } from '../webgpu-engine.ts';
export * as vision from '@residual/vision';`;
  const code = await bundleScript(import.meta.dirname, source);
  const { page, close } = await openScriptedPage(code, { webgpu: true });
  try {
    return await page.evaluate(comparePictures);
  } finally {
    await close();
  }
}

/** On the page: the largest difference of each picture from the CPU's numbers, by a net that only turns the sign. */
async function comparePictures(): Promise<Record<string, number | string>> {
  const { loadPlan, planFile, PictureInput, vision, webgpu } = bundled;
  const graph: Graph = {
    values: [
      { shape: [1, 24, 24, 3], dtype: 'float32' },
      { shape: [1, 24, 24, 3], dtype: 'float32' },
    ],
    nodes: [{ op: 'Neg', inputs: [0], outputs: [1], attributes: {} }],
    inputs: [{ name: 'image', role: 'data', value: 0 }],
    outputs: [{ name: 'y', value: 1 }],
    constants: new Map(),
  };
  const { chunks } = planFile(graph);
  const executable = await webgpu().compile(graph, new Map());
  const plan = await loadPlan(await new Blob([...chunks] as BlobPart[]).arrayBuffer());
  const differences: Record<string, number | string> = {};
  const noise = (width: number, height: number, seed: number): OffscreenCanvas => {
    const canvas = new OffscreenCanvas(width, height);
    const pixels = new ImageData(width, height);
    for (let i = 0; i < pixels.data.length; i++) {
      pixels.data[i] = i % 4 === 3 ? 255 : (Math.imul(i + seed, 0x9e3779b9) >>> 13) & 255;
    }
    canvas.getContext('2d')!.putImageData(pixels, 0, 0);
    return canvas;
  };
  const compare = async (
    title: string,
    input: PictureInput,
    preset: vision.Preset,
    canvas: OffscreenCanvas,
    source: ImageBitmap | OffscreenCanvas,
  ): Promise<void> => {
    const expected = vision.preprocess(vision.readBitmap(await createImageBitmap(canvas)), preset);
    const y = (await plan.run({ image: input.of(source) }))['y']!;
    const other = (await executable.runOn({ image: input.of(source) }))['y']!;
    if (other.some((value, i) => value !== y[i]))
      throw new Error(`${title}: the engine has other numbers than the plan`);
    differences[title] = Math.max(...expected.map((value, i) => Math.abs(value + y[i]!)));
  };
  const preset: vision.Preset = { ...vision.imagenet1kV1, resizePx: 28, cropPx: 24 };
  const input = new PictureInput(preset);
  const [wide, other, tall] = [noise(97, 61, 1), noise(97, 61, 5), noise(40, 133, 2)];
  await compare('smaller, landscape', input, preset, wide, await createImageBitmap(wide));
  await compare('again, another picture', input, preset, other, await createImageBitmap(other));
  await compare('smaller, portrait', input, preset, tall, await createImageBitmap(tall));
  const bicubic: vision.Preset = { ...preset, interpolation: 'bicubic' };
  const small = noise(17, 19, 3);
  await compare('larger, bicubic', new PictureInput(bicubic), bicubic, small, await createImageBitmap(small));
  const narrow: vision.Preset = { ...preset, resizePx: 15 };
  await compare('smaller than the crop, from a canvas', new PictureInput(narrow), narrow, wide, wide);
  const wrong = new PictureInput({ ...preset, cropPx: 20 });
  differences['refused'] = await plan.run({ image: wrong.of(wide) }).then(
    () => 'no error',
    (error: { code: string }) => error.code,
  );
  input.dispose();
  await Promise.all([plan.dispose(), executable.dispose()]);
  return differences;
}
