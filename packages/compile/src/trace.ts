import {
  engine,
  getKernel,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  registerKernel,
  Tensor,
} from '@tensorflow/tfjs-core';
import type { ConstantData, Graph, GraphDtype, GraphOutput, ValueId } from './graph.ts';
import { rulesByKernel } from './rules/rules.ts';
import { traceBackendName, variableNames, withBackend } from './trace/engine-scope.ts';
import { constantData, Recorder } from './trace/recorder.ts';
import { TraceError, UnsupportedKernelError } from './trace/trace-error.ts';

/** Declares what a traced function takes; the tensors have shapes and no values. */
export interface Tracer {
  /** A tensor that each run is given anew, e.g. `input('image', [1, 224, 224, 3])`. */
  input(name: string, shape: readonly number[], dtype?: GraphDtype): Tensor;
  /** A tensor that is bound once, by `name`, when the graph is compiled; asked for again, it is the same one. */
  parameter(
    name: string,
    shape: readonly number[],
    options?: { readonly dtype?: GraphDtype; readonly trainable?: boolean },
  ): Tensor;
}

/**
 * Records what `fn` computes as a graph, without computing it and without memory for the weights.
 *
 * `fn` runs once, on a tfjs backend of its own, whichever is current and even where there is none. It must be functional:
 * what it depends on is declared by the tracer, what it changes is returned, by name. Other tensors and variables it
 * uses become constants of the graph, and stay the caller's. Numbers that it computes in JavaScript are fixed.
 *
 * @throws UnsupportedKernelError where it runs a tfjs kernel that a graph cannot hold.
 * @throws TraceError where it is not functional: reads a value, assigns a variable, draws random numbers by a tfjs
 * operation, declares a name twice, is asynchronous.
 */
export async function trace(fn: (tracer: Tracer) => Tensor | Readonly<Record<string, Tensor>>): Promise<Graph> {
  registerKernels();
  const recorder = new Recorder(variableNames());
  const outputs = withBackend(recorder, () => {
    try {
      return graphOutputs(recorder, fn(tracerOn(recorder)));
    } catch (error) {
      throw unsupportedKernel(error, recorder) ?? error;
    }
  });
  const captured = new Map<ValueId, ConstantData>();
  for (const { value, dataId, dtype } of recorder.captured) {
    captured.set(value, constantData(await engine().read(dataId), dtype));
  }
  return recorder.graph(outputs, captured);
}

function tracerOn(recorder: Recorder): Tracer {
  const declared = new Map<string, Tensor>();
  const declare = (name: string, tensor: () => Tensor): Tensor => {
    if (declared.has(name)) {
      throw new TraceError(`${name}: expected a name for each input, got it twice; give one of them another name`);
    }
    const made = tensor();
    declared.set(name, made);
    return made;
  };
  const parameters = new Set<Tensor>();
  return {
    input(name, shape, dtype = 'float32') {
      checkShape(name, shape);
      return declare(name, () => tensorOf(recorder, name, 'data', shape, dtype));
    },
    parameter(name, shape, { dtype = 'float32', trainable = true } = {}) {
      checkShape(name, shape);
      const known = declared.get(name);
      if (known !== undefined && parameters.has(known) && String(known.shape) === String(shape)) return known;
      const made = declare(name, () => tensorOf(recorder, name, 'parameter', shape, dtype, trainable));
      parameters.add(made);
      return made;
    },
  };
}

function tensorOf(
  recorder: Recorder,
  name: string,
  role: 'data' | 'parameter',
  shape: readonly number[],
  dtype: GraphDtype,
  trainable = true,
): Tensor {
  const info = recorder.declare(trainable ? { name, role } : { name, role, trainable }, { shape: [...shape], dtype });
  return engine().keep(engine().makeTensorFromTensorInfo(info));
}

function checkShape(name: string, shape: readonly number[]): void {
  if (shape.every((size) => Number.isInteger(size) && size > 0)) return;
  throw new TraceError(
    `${name}: expected a shape of whole positive numbers, got [${shape}]; choose sizes before tracing`,
  );
}

function graphOutputs(recorder: Recorder, result: unknown): GraphOutput[] {
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new TraceError('trace: expected a function that returns tensors, got a promise; read values before tracing');
  }
  const named = result instanceof Tensor ? { output: result } : ((result ?? {}) as Record<string, unknown>);
  const outputs = Object.entries(named).map(([name, tensor]) => {
    if (tensor instanceof Tensor) return { name, value: recorder.valueIdOf(tensor) };
    throw new TraceError(`output '${name}': expected a tensor, got ${typeof tensor}; return tensors by name`);
  });
  if (outputs.length === 0)
    throw new TraceError('trace: expected named tensors, got nothing; return what is to be computed');
  return outputs;
}

/** Registered once per process; a kernel goes to the recorder that is current when it runs. */
function registerKernels(): void {
  for (const [kernelName, rule] of rulesByKernel()) {
    if (getKernel(kernelName, traceBackendName)) continue;
    registerKernel({
      kernelName,
      backendName: traceBackendName,
      kernelFunc: ({ inputs, attrs, backend }: { inputs: NamedTensorInfoMap; attrs?: NamedAttrMap; backend: object }) =>
        (backend as Recorder).record(rule.op ?? kernelName, rule, inputs, attrs ?? {}),
    });
  }
}

function unsupportedKernel(error: unknown, recorder: Recorder): UnsupportedKernelError | undefined {
  const message = error instanceof Error ? error.message : '';
  const kernelName = /Kernel '(.+)' not registered for backend 'residual-trace'/.exec(message)?.[1];
  return kernelName === undefined
    ? undefined
    : new UnsupportedKernelError(kernelName, recorder.lastLabel, { cause: error });
}
