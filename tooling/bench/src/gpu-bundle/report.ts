import { rename, writeFile } from 'node:fs/promises';
import { dawnWebgpu, provideDawn } from '@residual/backend-webgpu/dawn';
import { gpuReport, timeEngines } from '@residual/backend-webgpu/report';
import { tfjsWebgpu } from '@residual/backend-webgpu/tfjs';
import { viewStateDict } from '@residual/blocks';
import { tfjsOn, traceModel } from '@residual/compile';
import { resnet18Spec, resnet50Spec } from '@residual/resnet';
import { makePictures } from '../pictures.ts';
import { blueprintOf, makeWeights } from '../weights.ts';

// What `run` of the bundle starts: a report for each model, of weights and pictures made up, written where it was called.

const SIZE_PX = Number(process.env['SIZE'] ?? 224);
const specs = { resnet18: resnet18Spec, resnet50: resnet50Spec };
const PICTURES = 4;

const wanted = process.argv.slice(2);
const { available, reason } = await provideDawn();
if (!available) {
  console.error(`gpu-bundle: expected a Vulkan driver, got none: ${reason}; install the GPU's`);
  process.exit(1);
}
for (const [model, spec] of Object.entries(specs)) {
  if (wanted.length > 0 && !wanted.includes(model)) continue;
  console.error(`${model} at ${SIZE_PX}`);
  const dict = makeWeights(spec);
  const blueprint = blueprintOf(dict, spec);
  const images = Array.from({ length: PICTURES }, (_, i) => makePictures(1, SIZE_PX, `picture ${i}`));
  const [first, ...others] = images as [Float32Array, ...Float32Array[]];
  const network = {
    model,
    sizePx: SIZE_PX,
    graph: await traceModel(blueprint, { endpoints: ['logits'], sizePx: SIZE_PX }),
    weights: viewStateDict(dict, blueprint.variableSpecs),
    images: [first, ...others] as const,
  };
  const engines = await timeEngines([dawnWebgpu(), tfjsOn(tfjsWebgpu())], network);
  const runtime = `Node ${process.version}, ${process.platform} ${process.arch}`;
  const report = await gpuReport(network, { runtime, engines });
  const file = `gpu-report-${model}.json`;
  await writeFile(`${file}.part`, `${JSON.stringify(report, undefined, 2)}\n`);
  await rename(`${file}.part`, file);
  console.error(`${file}: ${report.adapter.description}, warm ${report.times.fp32.warmMs.toFixed(1)} ms`);
}
// Dawn keeps the process alive.
process.exit(0);
