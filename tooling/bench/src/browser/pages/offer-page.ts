import { makePictures } from '../../pictures.ts';
import type { BenchPage, LoadPage, PageRunner } from '../page-protocol.ts';
import { GpuCounter } from './gpu-counter.ts';

/** Makes this page an engine that the benchmark can call, as `residualBench`. */
export function offerPage(loadLibrary: LoadPage): void {
  const counter = new GpuCounter();
  let runner: PageRunner;
  let picture: Float32Array;
  const page: BenchPage = {
    async load(job) {
      picture = makePictures(1, job.sizePx);
      const begin = performance.now();
      const loadModel = await loadLibrary(job);
      const libraryAt = performance.now();
      runner = await loadModel();
      const modelAt = performance.now();
      const logits = await runner.run(picture);
      const firstMs = performance.now() - modelAt;
      return {
        device: runner.device,
        libraryMs: libraryAt - begin,
        loadMs: modelAt - libraryAt,
        firstMs,
        logits: [...logits],
      };
    },
    async run(runs) {
      const ms: number[] = [];
      for (let run = 0; run < runs; run++) {
        const begin = performance.now();
        await runner.run(picture);
        ms.push(performance.now() - begin);
      }
      return ms;
    },
    profile: (runs) => runner.profile!(picture, runs),
    count: () => counter.during(() => runner.run(picture)),
  };
  Object.assign(globalThis, { residualBench: page });
}

export function inThreads(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}
