import {
  bind,
  type CompileOptions,
  type ConstantData,
  checkPrecision,
  computedOutputs,
  type Engine,
  EngineError,
  type Executable,
  type ExecutableState,
  type Graph,
  makeExecutable,
  optimize,
  type Precision,
  type RunOptions,
  sliceSplits,
  type Weights,
} from '@residual/compile';
import type { Preset } from '@residual/vision';
import { describeAdapter, webgpuAvailability } from './adapter.ts';
import { DeviceTrust } from './check/device-trust.ts';
import { indexedDbVariants } from './indexed-db-variants.ts';
import { familyOf, type GpuFamily } from './plan/gpu-families.ts';
import { lowerGraph } from './plan/lower-graph.ts';
import { measureVariants, shapeKey, type VariantMemory } from './plan/measure-variants.ts';
import type { BuiltPlan } from './plan/plan-builder.ts';
import { type ChooseVariant, defaultVariant, isSplit, recordVariants, type VariantsInUse } from './plan/variants.ts';
import { processVariants } from './process-variants.ts';
import { pictureRuns } from './run-pictures.ts';
import { DeviceSource } from './runtime/device-source.ts';
import type { PictureSource } from './runtime/picture-input.ts';
import { PlanError } from './runtime/plan-error.ts';
import type { GpuInput, PlanRunner } from './runtime/plan-runner.ts';
import { PlanSession } from './runtime/plan-session.ts';
import type { Convolution } from './shaders/convolution.ts';
import type { NumberType } from './shaders/shader.ts';

const WITHOUT_CLOCK =
  'no timestamp-query on this adapter: each dispatch is submitted and waited for by itself, which its time includes';

/** What the engine computes in: activations and weights in float32 or float16, sums in float32 with either. */
export type WebgpuPrecision = 'fp32' | 'fp16';

export interface WebgpuOptions {
  /** A device of the caller's, e.g. tfjs's, which stays the caller's; default: one that this engine asks for. */
  readonly device?: GPUDevice;
  /**
   * How each layer is computed: `fixed` (the default) is one dispatch a layer, the same everywhere; `measured` times
   * several ways on this adapter when a shape is first compiled, which takes a moment, and may take more dispatches.
   */
  readonly variants?: 'fixed' | 'measured';
  /**
   * Of what is compiled without a precision of its own. `fp16` takes half the memory; `fastest` is `fp16` on adapters whose
   * `shader-f16` says that they compute with halves, else `fp32`. Default `fp32`.
   */
  readonly precision?: WebgpuPrecision | 'fastest';
  /**
   * Where measured choices and the result of the check are kept. Default: `indexedDbVariants()` where there is an
   * IndexedDB, as in pages and workers; the process's memory in Node, where `folderVariants` has a folder.
   */
  readonly memory?: VariantMemory;
  /**
   * Whether a device first has to compute a small net as the CPU does, twice; one that does not is an EngineError
   * (`UNAVAILABLE`), so that the next engine serves, unless kernels that split channels are all that is wrong: it then does
   * without. Once for an adapter, driver and browser. Default: true.
   */
  readonly check?: boolean;
}

/** How an engine's networks are computed, by its options. */
interface Ways {
  readonly isMeasured: boolean;
  readonly precision: WebgpuOptions['precision'];
  readonly memory: VariantMemory;
  readonly trust: DeviceTrust | undefined;
}

/** An executable that takes pictures from where the page has them, too. */
export interface WebgpuExecutable extends Executable {
  /**
   * As `run`; an input may also be made on the device, such as a picture by a `PictureInput`.
   *
   * @throws EngineError as `run`.
   */
  runOn(inputs: Readonly<Record<string, ConstantData | GpuInput>>, options?: RunOptions): ReturnType<Executable['run']>;
  /**
   * As `run` of a graph whose one input is a batch of pictures: they are resized, cropped and normalised on the device, or on
   * the CPU where one is too large for it; the numbers are the same.
   *
   * @throws EngineError as `run`.
   */
  runPictures(pictures: readonly PictureSource[], preset: Preset, options?: RunOptions): ReturnType<Executable['run']>;
}

export interface WebgpuEngine extends Engine {
  compile(graph: Graph, weights: Weights, options?: CompileOptions): Promise<WebgpuExecutable>;
}

/**
 * The engine that runs the fused graph as one plan of hand-written WGSL: one command buffer and one submit a run.
 *
 * All executables of one `webgpu()` share its device. Where that is lost, runs under way reject with an EngineError
 * (`UNAVAILABLE`), and the next ones ask for another and build the plan again.
 */
export function webgpu(options: WebgpuOptions = {}): WebgpuEngine {
  const devices = new DeviceSource(options.device);
  const memory = options.memory ?? (typeof indexedDB === 'undefined' ? processVariants : indexedDbVariants());
  const trust = options.check === false ? undefined : new DeviceTrust(memory);
  const ways = { isMeasured: options.variants === 'measured', precision: options.precision, memory, trust };
  return {
    name: 'webgpu',
    isAvailable: async () => (options.device ? { available: true } : webgpuAvailability()),
    compile: (graph, weights, compileOptions) => compile(graph, weights, devices, ways, compileOptions),
  };
}

async function compile(
  graph: Graph,
  weights: Weights,
  devices: DeviceSource,
  ways: Ways,
  options: CompileOptions = {},
): Promise<WebgpuExecutable> {
  // It takes a tenth of a second, in which weights are bound.
  devices.get().catch(() => undefined);
  const isTraining = options.carried !== undefined;
  const precision = await precisionOn(devices, options.precision ?? ways.precision ?? 'fp32', isTraining);
  const type = precision === 'fp16' ? 'f16' : 'f32';
  const bound = bind(sliceSplits(optimize(graph)), weights);
  const computed = computedOutputs(bound);
  const carried = carriedBy(bound, computed, options.carried);
  const family = familyOf((await devices.get().catch(rethrow)).device.adapterInfo);
  const lower = async (gpu: GpuFamily): Promise<Lowered> => {
    const chooseVariant: ChooseVariant = ways.isMeasured
      ? await measured(computed, type, devices, ways, gpu)
      : (convolution) => defaultVariant(convolution, gpu);
    const { choose, inUse } = recordVariants(chooseVariant);
    return { built: lowerGraph(computed, choose, type, carried), inUse };
  };
  const { built, session } = await start(lower, family, devices, type, ways, options).catch(rethrow);
  let isDisposed = false;
  // `makeExecutable` checks and queues arrays: one of nothing stands for what is made on the device.
  const madeOnDevice = new WeakMap<ConstantData, GpuInput>();
  const executable = makeExecutable(
    withoutNames(bound, carried),
    {
      info: infoOf(built, session.runner, precision),
      run(inputs, _, stepMs) {
        const entries = Object.entries(inputs).map(([name, data]) => [name, madeOnDevice.get(data) ?? data]);
        return session.run(Object.fromEntries(entries), stepMs).catch(rethrow);
      },
      steps: () => built.steps,
      ...(session.runner.hasStepClock ? {} : { profileNote: WITHOUT_CLOCK }),
      dispose() {
        isDisposed = true;
        pictures.dispose();
        session.destroy();
      },
      // While one is computed, the next one's inputs are made.
      concurrency: 2,
    },
    options,
  );
  const nothing = new Map(executable.inputs.map(({ name, shape }) => [name, new ArrayBuffer(bytesOf(shape))]));
  const standIn = (name: string, input: GpuInput): ConstantData => {
    const data = new Float32Array(nothing.get(name) ?? new ArrayBuffer(0));
    madeOnDevice.set(data, input);
    return data;
  };
  const runOn: WebgpuExecutable['runOn'] = (inputs, runOptions) => {
    const entries = Object.entries(inputs).map(([name, input]) => [
      name,
      'encode' in input ? standIn(name, input) : input,
    ]);
    return executable.run(Object.fromEntries(entries), runOptions);
  };
  const [{ name } = { name: 'image' }] = executable.inputs;
  const pictures = pictureRuns((input, runOptions) => runOn({ [name]: input }, runOptions));
  const checkLive = (): void => {
    if (isDisposed) throw new EngineError('DISPOSED', 'webgpu', 'the executable is disposed; compile another');
  };
  const state: ExecutableState = {
    async read() {
      checkLive();
      return session.readState().catch(rethrow);
    },
    write(values) {
      checkLive();
      try {
        session.writeState(values);
      } catch (error) {
        rethrow(error);
      }
    },
  };
  return { ...executable, ...(carried.size > 0 && { state }), runOn, runPictures: pictures.run };
}

function bytesOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, Float32Array.BYTES_PER_ELEMENT);
}

/** What stays on the device: all of it, or nothing where a part is set by no computation, as sums that begin anew are. */
function carriedBy(bound: Graph, computed: Graph, names: readonly string[] = []): ReadonlySet<string> {
  const has = (some: readonly { readonly name: string }[], name: string): boolean =>
    some.some((tensor) => tensor.name === name);
  const canStay = (name: string): boolean =>
    has(bound.inputs, name) && has(bound.outputs, name) === has(computed.outputs, name);
  return new Set(names.every(canStay) ? names : []);
}

function withoutNames(graph: Graph, names: ReadonlySet<string>): Graph {
  const isLeft = ({ name }: { readonly name: string }): boolean => !names.has(name);
  return { ...graph, inputs: graph.inputs.filter(isLeft), outputs: graph.outputs.filter(isLeft) };
}

/** @throws EngineError (`UNAVAILABLE`) for a precision that there is not, or, as gradients would be too small for it, not in training. */
async function precisionOn(
  devices: DeviceSource,
  asked: Precision | 'fastest',
  isTraining: boolean,
): Promise<WebgpuPrecision> {
  if (isTraining) return asked === 'fastest' ? 'fp32' : checkPrecision('training on webgpu', { precision: asked });
  const known = asked === 'fastest' ? asked : checkPrecision('webgpu', { precision: asked }, ['fp32', 'fp16']);
  if (known !== 'fastest') return known;
  const { device } = await devices.get().catch(rethrow);
  return device.features.has('shader-f16') ? 'fp16' : 'fp32';
}

/** A network as a GPU's kernels compute it. */
interface Lowered {
  readonly built: BuiltPlan;
  readonly inUse: VariantsInUse;
}

/**
 * The session, unless its device computes wrongly; both are found out at the same time. A network with split kernels that is
 * not computed rightly gets another try without.
 */
async function start(
  lower: (family: GpuFamily) => Promise<Lowered>,
  family: GpuFamily,
  devices: DeviceSource,
  type: NumberType,
  ways: Ways,
  options: CompileOptions,
): Promise<{ readonly built: BuiltPlan; readonly session: PlanSession }> {
  const { built, inUse } = await lower(family);
  const starting = PlanSession.start(devices, built, options.onProgress);
  const checking = devices.get().then((device) => ways.trust?.require(device, type, inUse));
  const [checked, started] = await Promise.allSettled([checking, starting]);
  if (checked.status === 'fulfilled') return { built, session: await starting };
  if (started.status === 'fulfilled') started.value.destroy();
  if (!Object.values(inUse).some((variants) => [...variants].some(isSplit))) throw checked.reason;
  return start(lower, withoutSplits(family), devices, type, ways, options);
}

function withoutSplits(family: GpuFamily): GpuFamily {
  return { ...family, splitsChannels: false };
}

async function measured(
  graph: Graph,
  type: NumberType,
  devices: DeviceSource,
  { memory, trust }: Ways,
  gpu: GpuFamily,
): Promise<ChooseVariant> {
  const convolutions: Convolution[] = [];
  lowerGraph(graph, (convolution, isGiven) => {
    if (!isGiven) convolutions.push(convolution);
    return defaultVariant(convolution);
  });
  const inUse = await devices.get().catch(rethrow);
  const isRight = await trust?.rightVariants(inUse, type).catch(rethrow);
  const family = isRight?.('split 1×1') === false ? withoutSplits(gpu) : gpu;
  const chosen = await measureVariants(convolutions, { ...inUse, memory, type, family, ...(isRight && { isRight }) });
  return (convolution, isGiven) =>
    (isGiven ? undefined : chosen.get(shapeKey(convolution))) ?? defaultVariant(convolution, family);
}

function infoOf({ plan }: BuiltPlan, { device, gpuBytes }: PlanRunner, precision: WebgpuPrecision): Executable['info'] {
  const adapter = describeAdapter(device.adapterInfo);
  return {
    engine: 'webgpu',
    device: precision === 'fp16' ? `${adapter}, fp16` : adapter,
    nodeCount: plan.steps.length,
    weightBytes: plan.weights.reduce((sum, size) => sum + size, 0),
    gpu: { dispatches: plan.steps.length, submits: 1, pipelines: plan.shaders.length, bytes: gpuBytes },
  };
}

function rethrow(error: unknown): never {
  if (!PlanError.isInstance(error)) throw error;
  const code = error.code === 'BAD_INPUT' ? 'BAD_INPUT' : 'UNAVAILABLE';
  throw new EngineError(code, 'webgpu', error.message, { cause: error });
}
