import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TfjsNodeError } from '../tfjs-node-error.ts';

export interface TensorFlowOptions {
  readonly threads?: number | undefined;
}

let prepared: TensorFlowOptions | undefined;

/**
 * Finds tfjs-node's addon and sets what TensorFlow reads from the environment when it loads, once per process.
 *
 * @returns The addon's path.
 * @throws TfjsNodeError where it is not installed or not built, or threads are asked for after they were set.
 */
export function prepareTensorFlow({ threads }: TensorFlowOptions): string {
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new RangeError(`threads: expected a whole number of at least 1, got ${threads}`);
  }
  const addon = findAddon();
  if (prepared !== undefined && threads !== undefined && threads !== prepared.threads) {
    const running = prepared.threads === undefined ? 'as many as there are cores' : `${prepared.threads}`;
    throw new TfjsNodeError(`threads: expected ${running}, got ${threads}; they are set once, before TensorFlow loads`);
  }
  prepared ??= setEnvironment(threads);
  return addon;
}

/** What the user has set stays, but for the threads that are asked for here. */
function setEnvironment(threads: number | undefined): TensorFlowOptions {
  // Leaves out the lines on oneDNN and CPU features.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // One operation after another, each on all threads: as fast, and the same in each run to the bit.
  process.env['TF_NUM_INTEROP_THREADS'] ??= '1';
  // TensorFlow does so by itself only on CPUs with VNNI; its other kernels are slower, and fuse no grouped convolution.
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '1';
  if (threads !== undefined) process.env['TF_NUM_INTRAOP_THREADS'] = `${threads}`;
  return { threads };
}

function findAddon(): string {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'));
  } catch (error) {
    throw new TfjsNodeError('it is not installed (or its download failed); npm install @tensorflow/tfjs-node', error);
  }
  const libraries = join(folder, 'lib');
  const versions = existsSync(libraries) ? readdirSync(libraries) : [];
  const addons = versions.map((version) => join(libraries, version, 'tfjs_binding.node')).filter(existsSync);
  if (addons[0] === undefined) {
    throw new TfjsNodeError(
      'its addon is not there; in a clone of Residual run `pnpm native`, else `npm rebuild @tensorflow/tfjs-node`',
    );
  }
  return addons[0];
}
