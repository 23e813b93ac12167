import { type Engine, type Executable, type Graph, type Tracer, trace } from '@residual/compile';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { HostValues, ModelBuilder, VariableSpecs } from './model.ts';
import type { RunnerShapes, StepRunner } from './step-runner.ts';
import { computeStep, type StepOptions, type StepPhase, stateShapes } from './training-step.ts';

const STATE = 'state/';
const NUMBER = 'number/';

/** Steps by an engine: the whole step, forwards, backwards and the update, is one graph, its state an input and an output. */
export async function compiledRunner(
  build: ModelBuilder,
  specs: VariableSpecs,
  options: StepOptions,
  shapes: RunnerShapes,
  initial: HostValues,
  engine: Engine,
): Promise<StepRunner> {
  const names = stateShapes(specs, options);
  const carried = [...names.keys()].map((name) => STATE + name);
  let state: Record<string, Float32Array> = {};
  for (const name of names.keys()) state[STATE + name] = Float32Array.from(initial.get(name)!);
  /** Which executable has the newest state, if that is not here. */
  let holder: Executable | undefined;
  let isNewer = false;
  const moveState = async (next: Executable | undefined): Promise<void> => {
    if (next === holder) return;
    await gatherState();
    holder = next;
    next?.state?.write(state);
  };
  /** Has it here too; the holder goes on with it. */
  const gatherState = async (): Promise<void> => {
    if (holder === undefined || !isNewer) return;
    state = await holder.state!.read();
    isNewer = false;
  };
  const compile = async (graph: Graph): Promise<Executable> => engine.compile(graph, new Map(), { carried });
  const executables = new Map<string, Promise<Executable>>();
  const executableOf = (name: string, graph: () => Promise<Graph>): Promise<Executable> => {
    const found = executables.get(name) ?? graph().then(compile);
    executables.set(name, found);
    return found;
  };
  const stepOf = (phase: StepPhase): Promise<Executable> =>
    executableOf(phase, () => trace((t) => tracedStep(t, build, specs, options, shapes, phase)));
  const { info } = await stepOf('update');

  return {
    device: `${info.engine}: ${info.device}`,
    async step(batch, numbers, phase = 'update') {
      const executable = await stepOf(phase);
      await moveState(executable.state && executable);
      const available: Record<string, Float32Array> = { ...state, images: batch.images, targets: batch.targets };
      for (const [name, value] of Object.entries(numbers)) available[NUMBER + name] = Float32Array.of(value);
      const given = executable.inputs.map(({ name }) => [name, available[name]!]);
      const results = (await executable.run(Object.fromEntries(given))) as Record<string, Float32Array>;
      const next = Object.entries(results).filter(([name]) => name.startsWith(STATE));
      state = { ...state, ...Object.fromEntries(next) };
      isNewer = true;
      return { loss: results['loss']![0]!, logits: results['logits']! };
    },
    async predict(images, { ema = false } = {}) {
      const executable = await executableOf('predict', () => trace((t) => tracedForward(t, build, shapes)));
      await gatherState();
      const given: Record<string, Float32Array> = { images };
      for (const name of specs.keys()) given[name] = state[STATE + (ema ? `ema/${name}` : name)]!;
      return (await executable.run(given))['logits'] as Float32Array;
    },
    async readState() {
      await gatherState();
      return new Map([...names.keys()].map((name) => [name, state[STATE + name]!]));
    },
    async dispose() {
      for (const executable of executables.values()) await (await executable).dispose();
    },
  };
}

function tracedStep(
  t: Tracer,
  build: ModelBuilder,
  specs: VariableSpecs,
  options: StepOptions,
  shapes: RunnerShapes,
  phase: StepPhase,
): Record<string, Tensor> {
  const batchSize = shapes.images[0];
  const images = t.input('images', shapes.images);
  const targets = t.input('targets', [batchSize, shapes.numClasses]);
  const state: Record<string, Tensor> = {};
  for (const [name, shape] of stateShapes(specs, options)) state[name] = t.input(STATE + name, shape);
  const numbers: Record<string, Tensor> = {};
  for (const name of ['learningRate', ...Object.keys(options.optimizer.numbers(1))])
    numbers[name] = t.input(NUMBER + name, []);
  const outputs = computeStep(build, specs, options, { state, images, targets, numbers }, phase);
  const next = Object.entries(outputs.state).map(([name, tensor]) => [STATE + name, tensor] as const);
  return { loss: outputs.loss, logits: outputs.logits, ...Object.fromEntries(next) };
}

function tracedForward(t: Tracer, build: ModelBuilder, shapes: RunnerShapes): Record<string, Tensor> {
  const model = build((path, { shape }) => t.input(path, shape));
  return { logits: model.forward(t.input('images', shapes.images) as Tensor4D) };
}
