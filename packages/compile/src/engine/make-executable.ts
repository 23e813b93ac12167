import type { CompileOptions, Executable, ExecutableInfo, Profile, ProfileOptions, TensorSpec } from '../engine.ts';
import type { ConstantData, Graph } from '../graph.ts';
import { withOtherOutputs } from './computed-outputs.ts';
import { EngineError } from './engine-error.ts';
import { type EngineStep, nameSteps, typical } from './profile.ts';

/** What an engine itself has to do; `makeExecutable` does the rest of the contract. */
export interface ExecutableParts {
  readonly info: ExecutableInfo;
  /**
   * Computes one run of checked inputs, at least what `computedOutputs` lists; it need not look at the signal, but ends
   * earlier if it does. `stepMs`, given only where there are `steps`, is to be filled with what each has taken.
   */
  readonly run: (
    inputs: Readonly<Record<string, ConstantData>>,
    signal: AbortSignal | undefined,
    stepMs?: Float64Array,
  ) => Promise<Record<string, ConstantData>>;
  /** Of a run, for an engine that can tell their times. */
  readonly steps?: () => readonly EngineStep[];
  /** For `Profile`. */
  readonly profileNote?: string;
  /** Called once, when no run is under way. */
  readonly dispose: () => void | Promise<void>;
  /** How many runs the engine takes at once; default 1, so that others wait. */
  readonly concurrency?: number;
}

/** An executable that keeps the contract: checks inputs, queues runs, heeds signals and disposal. */
export function makeExecutable(graph: Graph, parts: ExecutableParts, options: CompileOptions = {}): Executable {
  const { info, concurrency = 1 } = parts;
  const inputs = graph.inputs.filter(({ role }) => role === 'data').map((input) => specOf(graph, input));
  const outputs = graph.outputs.map((output) => specOf(graph, output));
  // Weights stay with the engine, but for those that are handed out as they are.
  const named = new Set(graph.outputs.map(({ value }) => value));
  const light = { ...graph, constants: new Map([...graph.constants].filter(([id]) => named.has(id))) };
  const waiting: (() => void)[] = [];
  let running = 0;
  let disposal: Promise<void> | undefined;
  let whenIdle: (() => void) | undefined;

  const release = (): void => {
    running -= 1;
    waiting.shift()?.();
    if (running === 0) whenIdle?.();
  };
  const turn = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', giveUp);
        running += 1;
        resolve();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(signal!.reason);
      };
      waiting.push(start);
      signal?.addEventListener('abort', giveUp, { once: true });
    });

  const run = async (
    given: Readonly<Record<string, ConstantData>>,
    signal: AbortSignal | undefined,
    stepMs?: Float64Array,
  ): Promise<Record<string, ConstantData>> => {
    if (disposal !== undefined) {
      throw new EngineError(
        'DISPOSED',
        info.engine,
        `${info.engine}: expected a live executable, got a disposed one; compile again`,
      );
    }
    checkInputs(info.engine, inputs, given, options.rejectNaN === true);
    signal?.throwIfAborted();
    if (running < concurrency) running += 1;
    else await turn(signal);
    try {
      const results = await parts.run(given, signal, stepMs);
      signal?.throwIfAborted();
      return withOtherOutputs(light, given, results);
    } finally {
      release();
    }
  };
  const { steps, profileNote } = parts;
  const profile = async (
    given: Readonly<Record<string, ConstantData>>,
    { signal, runs = 10 }: ProfileOptions = {},
  ): Promise<Profile> => {
    let results = await run(given, signal);
    const engineSteps = steps!();
    const [times, runsMs]: [Float64Array[], number[]] = [[], []];
    for (let index = 0; index < runs; index++) {
      const stepMs = new Float64Array(engineSteps.length);
      const startMs = performance.now();
      results = await run(given, signal, stepMs);
      runsMs.push(performance.now() - startMs);
      times.push(stepMs);
    }
    return {
      engine: info.engine,
      device: info.device,
      runs,
      runMs: typical(runsMs),
      steps: nameSteps(light, engineSteps, times),
      ...(profileNote === undefined ? {} : { note: profileNote }),
      outputs: results,
    };
  };

  return {
    inputs,
    outputs,
    info,
    run: (given, { signal } = {}) => run(given, signal),
    ...(steps === undefined ? {} : { profile }),
    dispose() {
      disposal ??= new Promise<void>((resolve) => {
        whenIdle = resolve;
        if (running === 0) resolve();
      }).then(() => parts.dispose());
      return disposal;
    },
  };
}

function specOf(graph: Graph, { name, value }: { name: string; value: number }): TensorSpec {
  return { name, ...graph.values[value]! };
}

const KINDS = { float32: 'Float32Array', int32: 'Int32Array', bool: 'Uint8Array' } as const;

function checkInputs(
  engine: string,
  specs: readonly TensorSpec[],
  given: Readonly<Record<string, ConstantData>>,
  rejectNaN: boolean,
): void {
  const badInput = (message: string): EngineError => new EngineError('BAD_INPUT', engine, message);
  for (const name of Object.keys(given)) {
    if (specs.some((spec) => spec.name === name)) continue;
    const names = specs.map((spec) => spec.name).join(', ');
    throw badInput(`${name}: expected inputs ${names}, got another; leave it out`);
  }
  for (const { name, shape, dtype } of specs) {
    const data = given[name];
    const kind = KINDS[dtype];
    const place = (): string => `${name}: expected ${kind} of [${shape.join(', ')}]`;
    const count = shape.reduce((product, size) => product * size, 1);
    const got = data === undefined ? 'nothing' : data.constructor.name;
    if (data === undefined || got !== kind) throw badInput(`${place()}, got ${got}; give a ${kind}`);
    if (data.length !== count) {
      throw badInput(
        `${place()}, ${count} numbers, got ${data.length}; sizes are chosen when a graph is traced, so trace one of that size`,
      );
    }
    if (rejectNaN && data.some(Number.isNaN)) {
      throw badInput(
        `${name}: expected numbers, got NaN at element ${data.findIndex(Number.isNaN)}; see where the input comes from`,
      );
    }
  }
}
