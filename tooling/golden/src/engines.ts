import { native, tensorflow, tfjsNode } from '@residual/backend-node';
import { wasm } from '@residual/backend-wasm/node';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { webgpu } from '@residual/backend-webgpu';
import { type Engine, tfjs } from '@residual/compile';
import { requirement } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';

const hasNode = requirement('tfjs-node');

/** On drivers that compile slowly all networks too, and in float16: `RESIDUAL_THOROUGH=1`, an hour on two cores. */
const isThorough = process.env['RESIDUAL_THOROUGH'] !== undefined;

export interface GoldenEngine {
  readonly title: string;
  readonly present: boolean;
  /** Compiles so slowly that it gets the few networks that between them have every kind of layer. */
  readonly compilesSlowly?: true;
  /** Of logits, over the largest: 1e-4 where it gives float32's. */
  readonly tolerance?: number;
  readonly start: () => Promise<Engine>;
}

const float16: GoldenEngine = {
  title: 'webgpu in float16 on lavapipe',
  present: requirement('lavapipe'),
  tolerance: 5e-3,
  start: () => provideWebgpu('lavapipe').then(() => webgpu({ precision: 'fp16' })),
};

/** Every engine that gives float32's answers, and what it needs; thoroughly, the one in float16 too. */
export const engines: readonly GoldenEngine[] = [
  { title: 'native', present: requirement('native'), start: async () => native() },
  {
    title: 'native on avx2',
    present: process.arch === 'x64' && requirement('native'),
    start: async () => native({ isa: 'avx2' }),
  },
  { title: 'wasm', present: true, start: async () => wasm() },
  { title: 'tensorflow', present: hasNode, start: async () => tensorflow() },
  { title: 'tensorflow, weights fed', present: hasNode, start: async () => tensorflow({ weights: 'inputs' }) },
  { title: 'tfjs on tfjs-node', present: hasNode, start: () => tfjsNode().use().then(tfjs) },
  {
    title: 'webgpu on swiftshader',
    present: requirement('webgpu'),
    start: () => provideWebgpu('swiftshader').then(() => webgpu()),
  },
  {
    title: 'webgpu on lavapipe',
    present: requirement('lavapipe'),
    ...(!isThorough && { compilesSlowly: true }),
    start: () => provideWebgpu('lavapipe').then(() => webgpu()),
  },
  ...(isThorough ? [float16] : []),
  { title: 'tfjs on tfjs-wasm', present: true, start: () => tfjsWasm().use().then(tfjs) },
];
