import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { bundle } from './bundle.mjs';
import { Project } from './project.mjs';
import { publicPackages } from './public-packages.mjs';

const TFJS_CORE = '@tensorflow/tfjs-core';

/** Parts of other architectures than torchvision's and the paper's, and what only a reader of weights files needs. */
const otherParts = [
  ...['preActivation', 'PreActivation', 'sigmoid', 'squeezeExcite', 'efficientChannelAttention'],
  ...['selectiveKernel', 'res2net', 'resnest', 'deepStem', 'averagePoolShortcut', 'convolutionShortcut'],
  ...['blurAntiAlias', 'averageAntiAlias', 'groupNorm', 'evoNorm', 'StdConv2d', 'averageAndMaxPool'],
  ...['relu6', 'leaky', 'silu', 'hardSwish', 'convolutionHead', 'sequentialHead', 'timm'],
  ...['shapesOnly', 'recognize', 'fitModel', 'describeHead'],
];

/** What a page takes of a package, what must not come with it, and its size without tfjs: minified, by gzip. */
const pages = [
  {
    name: '@residual/resnet',
    takes: 'resnet18',
    without: ['Bottleneck', 'conv3', 'paddingShortcut', 'cifar', ...otherParts],
    // Two tenths of a kilobyte of it are `resetClassifier` and `featureInfo`, as in the two below.
    kilobytes: 6.1,
  },
  {
    name: '@residual/resnet',
    takes: 'resnet50',
    without: ['BasicBlock', 'paddingShortcut', 'cifar', ...otherParts],
    kilobytes: 6.3,
  },
  {
    name: '@residual/resnet',
    takes: 'cifarResNet',
    without: ['Bottleneck', 'conv3', 'cifar_resnet', ...otherParts],
    kilobytes: 6.4,
  },
  { name: '@residual/vision', takes: 'topK', without: ['tench', 'airplane', 'bicubic'], kilobytes: 0.6 },
  {
    name: '@residual/backend-webgpu',
    entry: '@residual/backend-webgpu/runtime',
    takes: 'loadPlan',
    without: ['tensorflow', 'tfjs', 'GraphEditor', 'FusedConv2D'],
    // A fifth of a kilobyte of it tells the time of each dispatch, a tenth hands layers that share a pipeline their shapes,
    // a tenth lets runs overlap, and four tenths keep a training's state on the device.
    kilobytes: 4.4,
  },
  {
    name: '@residual/backend-wasm',
    takes: 'wasm',
    without: ['tfjs-wasm', 'tfjs-backend-wasm', 'wasmWorker'],
    kilobytes: 13.5,
  },
  { name: '@residual/weights', takes: 'readStateDict', without: ['node:', 'imagenet', 'tench'], kilobytes: 17 },
];

describe.each(pages)('a page with $takes of $name', ({ name, entry = name, takes, without, kilobytes }) => {
  let project;
  let page;
  beforeAll(async () => {
    project = new Project(name, inject('tarballs'), needsTfjs(name) ? [name, TFJS_CORE] : [name]);
    await project.install();
    page = join(project.folder, 'page.mjs');
    writeFileSync(page, `import { ${takes} } from '${entry}';\nglobalThis.taken = ${takes};\n`);
  });
  afterAll(() => project?.remove());

  test(`carries no ${without.join(', ')}`, async () => {
    const { code } = await bundle(project.folder, { entry: page, external: [TFJS_CORE] });
    expect(code).toContain(takes);
    // The bundler's comments name the files, whose folders may be called after what is not carried; those of methods name sources.
    const statements = code.replaceAll(/^\/\/.*$|\/\*\*[\s\S]*?\*\//gm, '');
    const carried = without.filter((word) => statements.includes(word));
    expect(carried, `${name}: these come with ${takes}; something at module scope holds them`).toEqual([]);
  });

  test(`weighs at most ${kilobytes} kB`, async () => {
    const { initial } = await bundle(project.folder, { entry: page, external: [TFJS_CORE], minify: true });
    const size = gzipSync(initial).byteLength / 1000;
    expect(size, `${name}: find what made ${takes} heavier, or raise the figure here`).toBeLessThanOrEqual(kilobytes);
    expect(size, `${name}: ${takes} is lighter than the figure here by far; lower it`).toBeGreaterThan(kilobytes * 0.7);
  });
});

function needsTfjs(name) {
  const { peerDependencies = {} } = publicPackages().find((entry) => entry.name === name).manifest;
  return TFJS_CORE in peerDependencies;
}
