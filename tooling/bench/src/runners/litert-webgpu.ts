import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { provideDawn } from '@residual/backend-webgpu/dawn';
import type { Job, Runner } from '../job.ts';
import { compileLitert } from './litert-model.ts';

/** LiteRT.js's WebGPU accelerator in Node, on Dawn. It is made for pages and workers: Node gives it what it expects of a worker. */
export async function litertWebgpu({ tfliteFile, sizePx, threads }: Job): Promise<() => Promise<Runner>> {
  if (tfliteFile === undefined) throw new Error('the TFLite model is of one picture; --batch 1 has it');
  const { available, reason } = await provideDawn();
  if (!available) throw new Error(reason);
  Object.assign(globalThis, { self: globalThis, importScripts: importCommonJs });
  const { loadLiteRt } = await import('@litertjs/core');
  await loadLiteRt(join(dirname(createRequire(import.meta.url).resolve('@litertjs/core')), '../wasm'));
  return async () => compileLitert(await readFile(tfliteFile), 'webgpu', { sizePx, threads, runsOn: '' });
}

/** Emscripten's loader is CommonJS for Node, in a package of ES modules. */
function importCommonJs(file: string): void {
  const module = { exports: {} };
  const run = compileFunction(readFileSync(file, 'utf8'), ['module', 'exports', 'require', '__dirname', '__filename'], {
    filename: file,
  });
  run(module, module.exports, createRequire(file), dirname(file), file);
  Object.assign(globalThis, { ModuleFactory: module.exports });
}
