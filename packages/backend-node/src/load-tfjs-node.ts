import util from 'node:util';
import { engine, setBackend, Tensor } from '@tensorflow/tfjs-core';
import { prepareTensorFlow, type TensorFlowOptions } from './tensorflow/prepare-tensorflow.ts';
import { TfjsNodeError } from './tfjs-node-error.ts';

/** What this package uses of the module `@tensorflow/tfjs-node`. */
export type TfjsNode = typeof import('@tensorflow/tfjs-node');

let loaded: Promise<TfjsNode> | undefined;

/** Loads tfjs-node once per process, quietly, leaving tfjs's current backend as it was. */
export async function loadTfjsNode(options: TensorFlowOptions): Promise<TfjsNode> {
  prepareTensorFlow(options);
  loaded ??= load();
  return loaded;
}

async function load(): Promise<TfjsNode> {
  restoreRemovedUtil();
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

/** tfjs-node 4.22 calls two functions that Node 23 removed and Node 22 warns of; these do the same. */
function restoreRemovedUtil(): void {
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
}
