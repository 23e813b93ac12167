import type { NativeOptions } from '@residual/backend-node';
import type { WebgpuOptions } from '@residual/backend-webgpu';
import type { Classifier } from '@residual/classifier';
import {
  type Engine,
  EngineError,
  type Precision,
  type TfjsBackend,
  tfjs,
  useFirstTfjsBackend,
} from '@residual/compile';
import { didYouMean } from '@residual/resnet';
import { say } from './terminal/output.ts';
import { UsageError } from './usage-error.ts';

/** Engines run compiled models; the backends `tfjs-…` run them as they are. */
type Device = Engine | TfjsBackend;

/** Who can compute, by the names that `--device` takes; each is loaded only when it is its turn. */
const devices: Readonly<Record<string, (flags: DeviceFlags) => Promise<Device>>> = {
  native: async (flags) => (await import('@residual/backend-node')).native(await nativeOptions(flags)),
  tensorflow: async () => (await import('@residual/backend-node')).tensorflow(),
  wasm: async () => {
    const { allowRelaxedSimd, wasm } = await import('@residual/backend-wasm/node');
    allowRelaxedSimd();
    return wasm();
  },
  webgpu: async () => (await import('@residual/backend-webgpu/dawn')).dawnWebgpu(await webgpuOptions()),
  tfjs: tfjsOnFirstBackend,
  'tfjs-node': async () => (await import('@residual/backend-node')).tfjsNode(),
  'tfjs-wasm': async () => (await import('@residual/backend-wasm/tfjs-node')).tfjsWasm(),
};

/** What was packed and measured is kept beside the downloads, so that the next start maps and reads it. */
async function nativeOptions({ tune = false }: DeviceFlags): Promise<NativeOptions> {
  const { keepsPacked, packedFolder } = await import('@residual/weights/node');
  if (!keepsPacked()) return { tune };
  const folder = packedFolder();
  return { cache: { folder, onNote: (text) => say(`note: ${text}`) }, tune: tune && { folder } };
}

/** Whether a GPU computes rightly is found out once, not by each start. */
async function webgpuOptions(): Promise<WebgpuOptions> {
  const { keepsPacked, packedFolder } = await import('@residual/weights/node');
  if (!keepsPacked()) return {};
  const { folderVariants } = await import('@residual/backend-webgpu/folder-variants');
  return { memory: folderVariants(packedFolder()) };
}

/** How devices are asked to compute. */
export interface DeviceFlags {
  readonly precision: Precision;
  /** `native` chooses algorithms by measurement. */
  readonly tune?: boolean;
}

/** A classifier, and what it runs on. */
export interface Served {
  readonly classifier: Classifier;
  readonly device: string;
  /** In a line: the device with its particulars, and why those before it in the list do not serve. */
  readonly description: string;
}

/** The names of a comma list. @throws UsageError for one that is none. */
export function parseDevices(list: string): readonly string[] {
  const names = list.split(',').map((name) => name.trim());
  for (const name of names) {
    if (Object.hasOwn(devices, name)) continue;
    const known = Object.keys(devices);
    throw new UsageError(`--device: expected a list of ${known.join(', ')}, got '${name}'${didYouMean(name, known)}`);
  }
  return names;
}

/**
 * Creates a classifier on the first of the devices that can run here, computes in the precision, and has all that the model needs.
 *
 * @throws UsageError where none can.
 */
export async function serveOnFirst(
  names: readonly string[],
  flags: DeviceFlags,
  create: (options: { engines?: readonly Engine[] }) => Promise<Classifier>,
): Promise<Served> {
  const { precision } = flags;
  const reasons: string[] = [];
  for (const name of names) {
    const device = await devices[name]!(flags);
    const { available, reason } = await device.isAvailable();
    if (!available) {
      reasons.push(`${name}: ${reason}`);
      continue;
    }
    if (precision !== 'fp32' && 'use' in device) {
      reasons.push(`${name}: it computes in fp32 alone`);
      continue;
    }
    try {
      const { classifier, particulars } = await serveOn(device, create);
      const description = [particulars, ...reasons.map((text) => `not ${text}`)].join('; ');
      return { classifier, device: name, description };
    } catch (error) {
      if (!cannotServe(error)) throw error;
      reasons.push(`${name}: ${error.message}`);
    }
  }
  const found = reasons.join('; ');
  if (precision !== 'fp32')
    throw new UsageError(
      `--precision: expected one in which a device here computes, got ${precision} (${found}); take fp32`,
    );
  throw new UsageError(`--device: expected one that can run here, got ${found}; add wasm, which runs anywhere`);
}

async function serveOn(
  device: Device,
  create: Parameters<typeof serveOnFirst>[2],
): Promise<{ classifier: Classifier; particulars: string }> {
  if ('use' in device) {
    const { name, version, runsOn } = await device.use();
    return { classifier: await create({}), particulars: `${name} ${version} on ${runsOn}` };
  }
  const classifier = await create({ engines: [device] });
  return { classifier, particulars: `${device.name} (${classifier.engine!.device})` };
}

function cannotServe(error: unknown): error is EngineError {
  return EngineError.isInstance(error) && (error.code === 'UNAVAILABLE' || error.code === 'UNSUPPORTED_NODE');
}

/** The engine `tfjs` on whichever tfjs backend is there. */
async function tfjsOnFirstBackend(): Promise<Engine> {
  const engine = tfjs();
  return {
    ...engine,
    async isAvailable() {
      const { tfjsNode } = await import('@residual/backend-node');
      const { tfjsWasm } = await import('@residual/backend-wasm/tfjs-node');
      await useFirstTfjsBackend([tfjsNode(), tfjsWasm()]);
      return engine.isAvailable();
    },
  };
}
