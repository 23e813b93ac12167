import {
  dispose,
  getBackend,
  type NamedTensorMap,
  ready,
  type Tensor,
  tensor,
  engine as tfjsEngine,
} from '@tensorflow/tfjs-core';
import { bind, type Weights } from '../bind.ts';
import type { CompileOptions, Engine, Executable } from '../engine.ts';
import type { ConstantData, Graph, ValueId } from '../graph.ts';
import { interpretSteps, noKernelFor } from '../interpret.ts';
import { optimize } from '../passes/optimize.ts';
import { planBuffers } from '../plan-buffers.ts';
import { rulesByOp } from '../rules/rules.ts';
import { checkPrecision } from './check-precision.ts';
import { EngineError } from './engine-error.ts';
import { makeExecutable } from './make-executable.ts';
import { nodeSteps } from './profile.ts';

/** A run lets other work of the event loop in between operations, this often. */
const SLICE_MS = 50;

/** What 31 bits address. */
const WASM_MEMORY_MB = 2147;

interface SharedTensor {
  readonly tensor: Tensor;
  owners: number;
}

/** Weights on the device, by their arrays in host memory, which may go. */
type Pool = WeakMap<ConstantData, SharedTensor>;

/**
 * The engine that runs the fused graph on the tfjs backend that is current when it compiles, whichever it is.
 *
 * Executables of one `tfjs()` that were compiled from the same weights at several sizes share them on the device.
 */
export function tfjs(): Engine {
  const shared = new Map<string, Pool>();
  return {
    name: 'tfjs',
    async isAvailable() {
      const names = tfjsEngine().backendNames();
      if (names.length === 0) return { available: false, reason: 'no tfjs backend is registered; import one' };
      await ready();
      return { available: true };
    },
    async compile(graph, weights, options) {
      checkPrecision('tfjs', options);
      if (tfjsEngine().backendNames().length === 0) {
        throw new EngineError('UNAVAILABLE', 'tfjs', 'tfjs: expected a registered backend, got none; import one');
      }
      await ready();
      const backendName = getBackend();
      const pool: Pool = shared.get(backendName) ?? new WeakMap();
      shared.set(backendName, pool);
      return compile(graph, weights, options, pool);
    },
  };
}

function compile(graph: Graph, given: Weights, options: CompileOptions | undefined, pool: Pool): Executable {
  const bound = bind(optimize(graph), given);
  const rules = rulesByOp();
  const missing = bound.nodes.find(({ op }) => !rules.has(op));
  if (missing !== undefined) throw noKernelFor(missing);
  const backendName = getBackend();
  if (backendName === 'wasm') checkWasmMemory(bound);
  const weights = new Map<ValueId, SharedTensor>();
  for (const [id, data] of bound.constants) {
    const { shape, dtype } = bound.values[id]!;
    const known = pool.get(data);
    const isThere = known !== undefined && known.owners > 0 && String(known.tensor.shape) === String(shape);
    const entry = isThere ? known : { tensor: tfjsEngine().keep(tensor(data, [...shape], dtype)), owners: 0 };
    entry.owners += 1;
    pool.set(data, entry);
    weights.set(id, entry);
  }
  const constants = new Map([...weights].map(([id, entry]) => [id, entry.tensor]));
  const withoutData = { ...bound, constants: new Map<ValueId, ConstantData>() };
  const steps = nodeSteps(bound, 'tfjs');
  const weightBytes = [...bound.constants.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  return makeExecutable(
    bound,
    {
      info: { engine: 'tfjs', device: backendName, nodeCount: bound.nodes.length, weightBytes },
      run: (inputs, signal, stepMs) => run(withoutData, constants, backendName, inputs, signal, stepMs),
      steps: () => steps,
      profileNote: "each operation's result is read back before the next one begins, which its time includes",
      dispose() {
        for (const entry of weights.values()) {
          entry.owners -= 1;
          if (entry.owners === 0) entry.tensor.dispose();
        }
      },
    },
    options,
  );
}

async function run(
  graph: Graph,
  constants: ReadonlyMap<ValueId, Tensor>,
  backendName: string,
  inputs: Readonly<Record<string, ConstantData>>,
  signal: AbortSignal | undefined,
  stepMs: Float64Array | undefined,
): Promise<Record<string, ConstantData>> {
  checkBackend(backendName);
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, value }) => {
      const { shape, dtype } = graph.values[value]!;
      return [name, tensor(inputs[name]!, [...shape], dtype)];
    }),
  );
  let made: readonly Tensor[] = [];
  const onNode = (_: unknown, outputs: readonly Tensor[]): void => {
    made = outputs;
  };
  const steps = interpretSteps(graph, feeds, { constants, ...(stepMs === undefined ? {} : { onNode }) });
  let outputs: NamedTensorMap = {};
  try {
    let sliceEndMs = performance.now() + SLICE_MS;
    for (let index = 0; ; index++) {
      const beginMs = performance.now();
      const step = steps.next();
      if (step.done) {
        outputs = step.value;
        break;
      }
      if (stepMs !== undefined) {
        // Backends may compute later than they are told to.
        await made.find(({ isDisposed }) => !isDisposed)?.data();
        stepMs[index] = performance.now() - beginMs;
      }
      if (performance.now() < sliceEndMs) continue;
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
      checkBackend(backendName);
      sliceEndMs = performance.now() + SLICE_MS;
    }
    const results: Record<string, ConstantData> = {};
    for (const [name, output] of Object.entries(outputs)) results[name] = (await output.data()) as ConstantData;
    return results;
  } catch (error) {
    if (EngineError.isInstance(error) || signal?.aborted) throw error;
    throw failedRun(backendName, error);
  } finally {
    steps.return({});
    dispose(outputs);
    dispose(feeds);
  }
}

/** tfjs-backend-wasm asks for memory without looking whether it got any, and then writes over its own. */
function checkWasmMemory(graph: Graph): void {
  const neededMB = Math.ceil(planBuffers(graph).peakBytes / 1e6);
  if (neededMB <= WASM_MEMORY_MB) return;
  const counts = `expected a graph that runs in WASM's ${WASM_MEMORY_MB} MB, got one that needs ${neededMB}`;
  throw new EngineError('UNAVAILABLE', 'tfjs', `tfjs: ${counts}; choose a smaller batch or picture`);
}

/** Backends speak in their own ways of what they cannot do, most often for want of memory. */
function failedRun(backendName: string, cause: unknown): EngineError {
  const line = String(cause).replace(/\s*\n\s*/g, ' ');
  const message = `tfjs: expected backend '${backendName}' to run the graph, got ${line}; give it less at once, or take another engine`;
  return new EngineError('UNAVAILABLE', 'tfjs', message, { cause });
}

function checkBackend(backendName: string): void {
  const current = getBackend();
  if (current === backendName) return;
  throw new EngineError(
    'UNAVAILABLE',
    'tfjs',
    `tfjs: expected backend '${backendName}', for which this was compiled, got '${current}'; set it back, or compile again`,
  );
}
