import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { LineProcess } from './line-process.ts';
import { pythonEnvironment } from './python-environment.ts';

/** A toolkit that makes a model int8 after training, with the package of Python that has it. */
export type Quantiser = 'nncf' | 'onnxruntime';

export interface QuantiseOptions {
  readonly onnxFile: string;
  /** With `calibration`, NHWC. */
  readonly picturesFile: string;
  readonly python: string;
}

/**
 * Makes an int8 model of an ONNX file, or finds it where an earlier run has put it, in the folder of temporary files.
 *
 * @throws BenchError where Python has no such toolkit.
 */
export async function quantise(method: Quantiser, options: QuantiseOptions): Promise<string> {
  const { onnxFile, picturesFile, python } = options;
  const hash = createHash('sha256');
  for (const file of [onnxFile, picturesFile]) await pipeline(createReadStream(file), hash, { end: false });
  const key = hash.digest('hex').slice(0, 32);
  const setup = { method, onnxFile, picturesFile, key, cacheFolder: join(tmpdir(), 'residual-bench-int8') };
  const script = fileURLToPath(new URL('../python/quantise.py', import.meta.url));
  const process = new LineProcess(method, python, [script, JSON.stringify(setup)], pythonEnvironment());
  try {
    return (await process.answer<{ file: string }>()).file;
  } finally {
    await process.stop();
  }
}
