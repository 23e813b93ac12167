import { describe, expect, test } from 'vitest';
import { shaderCosts } from '../../test/shader-costs.ts';
import type { Convolution } from '../shaders/convolution.ts';
import { DIRECT_THREADS, type DirectBlocking, directConvolution, SHARES } from '../shaders/direct-convolution.ts';
import { wgsl } from '../shaders/shader.ts';
import { familyOf, type GpuFamily, gpuFamilies, unknownGpu } from './gpu-families.ts';
import { blockingOf, defaultVariant, threadsOf } from './variants.ts';

const window: Convolution = {
  ...{ batch: 1, height: 56, width: 56, inVectors: 16, groups: 1, narrowChannels: 0, kernel: [3, 3], strides: [1, 1] },
  ...{ dilations: [1, 1], padBefore: [1, 1], outHeight: 56, outWidth: 56, outVectors: 16, residual: 'in place' },
  activation: 'relu',
};
const layers: Readonly<Record<string, Convolution>> = {
  narrow: { ...window, inVectors: 1, narrowChannels: 3, kernel: [7, 7], strides: [2, 2], padBefore: [3, 3] },
  window,
  pointwise: { ...window, kernel: [1, 1], padBefore: [0, 0] },
};
const families = [...gpuFamilies, unknownGpu];

function costsOf(layer: Convolution, blocking: DirectBlocking): ReturnType<typeof shaderCosts> {
  return shaderCosts(wgsl(directConvolution(layer, blocking), ['f32', 'f32', 'f32', 'f32']));
}

/** A family's kernels, those that its layers of few pixels take last. */
function kernelsOf({ registers, blockings }: GpuFamily): readonly DirectBlocking[] {
  return registers === undefined
    ? blockings
    : [...blockings, ...blockings.map((blocking) => ({ ...blocking, shares: SHARES }))];
}

test.each(families.flatMap((family) => kernelsOf(family).map((blocking) => ({ family, blocking }))))(
  'no kernel of $family.name has more registers than a thread: $blocking',
  ({ family: { registers = Number.POSITIVE_INFINITY }, blocking }) => {
    for (const [name, layer] of Object.entries(layers)) {
      if (blocking.shares && name === 'narrow') continue;
      expect(costsOf(layer, blocking).registers, name).toBeLessThanOrEqual(registers);
    }
  },
);

test('registers are counted where most of them live', () => {
  const code = (body: string): string => `fn main(@builtin(local_invocation_index) thread: u32) {${body}}`;
  const vector = 'let a = vec4f(); let b = a;';
  expect(shaderCosts(code(vector)).registers).toBe(5);
  expect(shaderCosts(code('{ let a = vec4f(); y[0] = a; } { let b = vec4f(); y[1] = b; }')).registers).toBe(4);
  const loop =
    'let a = vec4f(); for (var i = 0u; i < 4u; i++) { let b = vec4f(); y[i] = a + b; let c = vec4f(); y[i] = c; }';
  expect(shaderCosts(code(loop)).registers).toBe(9);
  const wide = costsOf(window, { rows: 8, columns: 4 });
  expect(wide.registers).toBeGreaterThan(4 * (8 * 4 + 8 + 4));
  expect(wide.bytesPerMultiplyAdd).toBe((16 * (8 + 4 * 4)) / (16 * 8 * 4));
});

describe('the family of an adapter', () => {
  test.each([
    ['google', 'swiftshader', 'SwiftShader'],
    ['intel', 'xe-2lpg', 'Intel Gen 9 to Xe2'],
    ['qualcomm', 'adreno-7xx', 'Adreno 6xx to 8xx'],
    ['qualcomm', '', 'Adreno 6xx to 8xx'],
    ['qualcomm', 'adreno-5xx', 'unknown'],
    ['arm', 'valhall', 'Mali Bifrost, Valhall, 5th generation'],
    ['arm', 'midgard', 'unknown'],
    ['img-tec', '', 'unknown'],
    ['', '', 'unknown'],
  ])('%s %s is %s', (vendor, architecture, name) => {
    expect(familyOf({ vendor, architecture }).name).toBe(name);
  });
});

test('a layer too small for all threads takes narrower kernels, and then splits its channels, so that there are more', () => {
  const family = familyOf({ vendor: 'nvidia', architecture: 'blackwell' });
  expect(defaultVariant({ ...window, batch: 64 }, family)).toBe('direct 4×4');
  expect(defaultVariant(small(7, 128), family)).toBe('split 2×1');
  expect(defaultVariant(small(7, 16), family)).toBe('direct 2×1');
  expect(defaultVariant(small(7, 128), familyOf({ vendor: 'google', architecture: 'swiftshader' }))).toBe('direct 7×4');
});

/** A 3×3 convolution of square maps. */
function small(edgePx: number, vectors: number): Convolution {
  const size = { height: edgePx, width: edgePx, outHeight: edgePx, outWidth: edgePx };
  return { ...window, ...size, inVectors: vectors, outVectors: vectors };
}

test('the table in the documentation', async () => {
  const head = [
    'GPU',
    'registers a thread',
    'kernel',
    'window',
    'pointwise',
    'narrow',
    'threads in flight a core',
    'bytes a multiply-add',
  ];
  const rows = families.flatMap((family) => kernelsOf(family).map((blocking) => rowOf(family, blocking)));
  const sources = families.map(({ name, source }) => `- ${name}: ${source}.`);
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const text = `# WebGPU's default kernels by GPU

What \`webgpu()\` takes where nothing is measured: \`packages/backend-webgpu/src/plan/gpu-families.ts\`. The registers that live at
once are counted in the WGSL of the three kinds of convolution (3×3, 1×1, and the stem on an image of three channels); threads in
flight are what a core's registers suffice for with the 3×3; workgroups have ${DIRECT_THREADS} threads. In a split kernel (÷ ${SHARES}) each thread sums a share
of the input channels, and ${SHARES} threads of a workgroup then add their sums up through its memory (${DIRECT_THREADS * 16} bytes a column). A layer takes its GPU's
first kernel that gives it so many threads as keep a GPU of middling size busy (an estimate), else the last. Written by
\`pnpm --filter @residual/backend-webgpu exec vitest run gpu-families -u\`; no GPU was at hand to measure on.

${table.join('\n')}

What this gives the last layers of ResNet-50 at 224²: the kernel, its threads, and the multiply-adds that a thread does one after the
other for each of its outputs. Without splitting, each would have the kernel in brackets.

${layerTable()}

Sources:

${sources.join('\n')}
`;
  await expect(text).toMatchFileSnapshot('../../../../docs/webgpu-defaults.md');
});

function rowOf({ name, registers, coreRegisters, busyThreads }: GpuFamily, blocking: DirectBlocking): string[] {
  const isSplit = blocking.shares !== undefined;
  const costs = Object.values(layers).map((layer) => costsOf(layer, blocking));
  const [ofNarrow, ofWindow, pointwise] = costs.map((cost) => String(cost.registers)) as [string, string, string];
  const narrow = isSplit ? '' : ofNarrow;
  const inFlight = coreRegisters === undefined ? '' : String(Math.floor(coreRegisters / costs[1]!.registers));
  const kernel = `${blocking.rows}×${blocking.columns}${isSplit ? ` ÷ ${SHARES}` : ''}${busyThreads > 1 ? ` from ${busyThreads} threads` : ''}`;
  const bytes = costs[1]!.bytesPerMultiplyAdd.toFixed(2);
  return [
    name,
    registers === undefined ? 'a CPU' : `${registers}`,
    kernel,
    ofWindow,
    pointwise,
    narrow,
    inFlight,
    bytes,
  ];
}

function layerTable(): string {
  const rows: Readonly<Record<string, Convolution>> = {
    '3×3, 14², 256 channels': small(14, 64),
    '3×3, 7², 512 channels': small(7, 128),
    '1×1, 7², 2048 to 512': { ...small(7, 512), outVectors: 128, kernel: [1, 1], padBefore: [0, 0] },
    '2048 to 1000 classes': { ...small(1, 512), outVectors: 250, kernel: [1, 1], padBefore: [0, 0] },
  };
  const gpus = families.filter(({ registers }) => registers !== undefined);
  const cellOf = (layer: Convolution, family: GpuFamily): string => {
    const kernel = blockingOf(defaultVariant(layer, family), layer);
    const { shares = 1 } = kernel;
    const chain = (layer.kernel[0] * layer.kernel[1] * layer.inVectors * 4) / shares;
    const whole = blockingOf(defaultVariant({ ...layer, inVectors: 1 }, family), layer);
    const nameOf = ({ rows: height, columns }: DirectBlocking): string => `${height}×${columns}`;
    const before = shares > 1 ? ` (${nameOf(whole)}: ${threadsOf(layer, whole)}, ${chain * shares})` : '';
    return `${nameOf(kernel)}${shares > 1 ? ` ÷ ${shares}` : ''}: ${threadsOf(layer, kernel)}, ${chain}${before}`;
  };
  const table = [
    ['layer', ...gpus.map(({ name }) => name)],
    ['---', ...gpus.map(() => '---')],
    ...Object.entries(rows).map(([name, layer]) => [name, ...gpus.map((family) => cellOf(layer, family))]),
  ];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
