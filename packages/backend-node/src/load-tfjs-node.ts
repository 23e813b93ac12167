import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { engine, setBackend, Tensor } from '@tensorflow/tfjs-core';
import { TfjsNodeError } from './tfjs-node-error.ts';

/** What this package uses of the module `@tensorflow/tfjs-node`. */
export type TfjsNode = typeof import('@tensorflow/tfjs-node');

export interface LoadOptions {
  readonly threads?: number | undefined;
}

let loaded: { readonly module: Promise<TfjsNode>; readonly threads: number | undefined } | undefined;

/** Loads tfjs-node once per process, quietly, leaving tfjs's current backend as it was. */
export function loadTfjsNode({ threads }: LoadOptions): Promise<TfjsNode> {
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new RangeError(`threads: expected a whole number of at least 1, got ${threads}`);
  }
  if (loaded !== undefined) {
    if (threads === undefined || threads === loaded.threads) return loaded.module;
    const running = loaded.threads === undefined ? 'as many as there are cores' : `${loaded.threads}`;
    throw new TfjsNodeError(`threads: expected ${running}, got ${threads}; they are set once, before TensorFlow loads`);
  }
  loaded = { module: load(threads), threads };
  return loaded.module;
}

async function load(threads: number | undefined): Promise<TfjsNode> {
  checkInstalled();
  restoreRemovedUtil();
  quieten();
  if (threads !== undefined) {
    process.env['TF_NUM_INTRAOP_THREADS'] = `${threads}`;
    process.env['TF_NUM_INTEROP_THREADS'] = `${threads}`;
  }
  const before = engine().backendName;
  const module = await import('@tensorflow/tfjs-node').catch((error: unknown) => {
    const line = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new TfjsNodeError(`it is installed but does not load: ${line}`, error);
  });
  const tfjsNode = 'default' in module ? (module.default as TfjsNode) : module;
  if ((tfjsNode.Tensor as unknown) !== Tensor) {
    throw new TfjsNodeError(
      'it uses another copy of @tensorflow/tfjs-core than this package; install one version of both',
    );
  }
  if (before) await setBackend(before);
  return tfjsNode;
}

function checkInstalled(): void {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'));
  } catch (error) {
    throw new TfjsNodeError('it is not installed (or its download failed); npm install @tensorflow/tfjs-node', error);
  }
  if (!existsSync(join(folder, 'lib'))) {
    throw new TfjsNodeError(
      'its addon is not there; in a clone of Residual run `pnpm native`, else `npm rebuild @tensorflow/tfjs-node`',
    );
  }
}

/** tfjs-node 4.22 calls two functions that Node 23 removed and Node 22 warns of; these do the same. */
function restoreRemovedUtil(): void {
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
}

/** TensorFlow's lines on oneDNN and CPU features; a level that the user has set stays. */
function quieten(): void {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
}
