import { type TfjsBackend, type TfjsBackendChoice, useFirstTfjsBackend } from '@residual/compile';
import { UsageError } from './usage-error.ts';

/** Who can compute, by the names that `--device` takes; each is loaded only when it is asked for. */
const devices: Readonly<Record<string, () => Promise<TfjsBackend>>> = {
  'tfjs-node': async () => (await import('@residual/backend-node')).tfjsNode(),
  'tfjs-wasm': async () => (await import('@residual/backend-wasm/node')).tfjsWasm(),
};

/**
 * Starts the first of a comma list of devices that can run here.
 *
 * @throws UsageError for a name that is none.
 * @throws NoTfjsBackendError where none can run.
 */
export async function startDevice(list: string): Promise<TfjsBackendChoice> {
  const names = list.split(',').map((name) => name.trim());
  const backends: TfjsBackend[] = [];
  for (const name of names) {
    const load = Object.hasOwn(devices, name) ? devices[name] : undefined;
    if (!load) throw new UsageError(`--device: expected a list of ${Object.keys(devices).join(', ')}, got '${name}'`);
    backends.push(await load());
  }
  return useFirstTfjsBackend(backends);
}

/** `tfjs-node 4.22.0 on libtensorflow 2.13.1`, and why those before it in the list do not serve. */
export function describeDevice({ info, passedOver }: TfjsBackendChoice): string {
  const reasons = passedOver.map(({ name, reason }) => `${name}: ${reason}`);
  const because = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  return `${info.name} ${info.version} on ${info.runsOn}${because}`;
}
