import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** What a test may need that a machine may lack; `RESIDUAL_REQUIRE` lists those that must be there. */
export type RequirementName =
  | 'data'
  | 'tfjs-node'
  | 'webgpu'
  | 'lavapipe'
  | 'chromium'
  | 'firefox'
  | 'rust'
  | 'native'
  | 'python'
  | 'protocol-clients'
  | 'aarch64';

const isPresent: Record<RequirementName, () => boolean> = {
  data: () => dataFolder() !== undefined,
  'tfjs-node': () => tfjsNodeIsBuilt(),
  webgpu: () => chromiumIsInstalled(),
  lavapipe: () => chromiumIsInstalled() && existsSync(lavapipePath('driver.json')),
  chromium: () => chromiumIsInstalled(),
  firefox: () => findFirefox() !== undefined,
  rust: () => onPath('cargo') !== undefined,
  native: () => addonIsBuilt(),
  python: () => existsSync('/usr/lib/python3/dist-packages/torch'),
  'protocol-clients': () => existsSync(protocolClientsPath('done')),
  aarch64: () => onPath('qemu-aarch64') !== undefined && onPath('aarch64-linux-gnu-gcc') !== undefined,
};

/**
 * Whether a test that needs `name` can run here; use it as `describe.skipIf(!requirement('data'))`.
 *
 * @throws Error where `RESIDUAL_REQUIRE` lists `name` and it is absent: on such a machine nothing may skip.
 */
export function requirement(name: RequirementName): boolean {
  const present = isPresent[name]();
  const required = (process.env['RESIDUAL_REQUIRE'] ?? '').split(',').map((part) => part.trim());
  if (!present && required.includes(name)) {
    throw new Error(`RESIDUAL_REQUIRE lists '${name}', which this machine does not have`);
  }
  return present;
}

/** A path inside the folder of real weights and pictures (`RESIDUAL_DATA`, else `../shared/data` beside the repository). */
export function dataPath(...parts: string[]): string {
  const folder = dataFolder();
  if (folder === undefined) throw new Error('no data folder: set RESIDUAL_DATA, and guard with requirement("data")');
  return resolve(folder, ...parts);
}

function dataFolder(): string | undefined {
  const beside = resolve(import.meta.dirname, '../../../../shared/data');
  const folder = process.env['RESIDUAL_DATA'] ?? beside;
  return existsSync(resolve(folder, 'weights')) ? folder : undefined;
}

function tfjsNodeIsBuilt(): boolean {
  const entry = resolves('@tensorflow/tfjs-node', '../backend-node/package.json');
  return entry !== undefined && existsSync(resolve(entry, '../../lib/napi-v8/tfjs_binding.node'));
}

/** npm's Chromium, which brings its WebGPU adapter too, is a binary for Linux on x64. */
function chromiumIsInstalled(): boolean {
  return process.platform === 'linux' && process.arch === 'x64' && resolves('@sparticuz/chromium') !== undefined;
}

/** A path inside the folder of Mesa's driver, which tooling/lavapipe/setup.sh fills. */
export function lavapipePath(...parts: string[]): string {
  return resolve(import.meta.dirname, '../../../node_modules/.cache/lavapipe', ...parts);
}

/** A path inside the Python environment of other people's clients of the inference protocol: tooling/protocol-clients/setup.sh. */
export function protocolClientsPath(...parts: string[]): string {
  return resolve(import.meta.dirname, '../../../node_modules/.cache/protocol-clients', ...parts);
}

function resolves(id: string, from = 'package.json'): string | undefined {
  try {
    return createRequire(resolve(import.meta.dirname, '..', from)).resolve(id);
  } catch {
    return undefined;
  }
}

/** The addon of @residual/kernels, which its build makes where Rust is there. */
function addonIsBuilt(): boolean {
  const folder = resolve(import.meta.dirname, '../../kernels/dist');
  return existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.node'));
}

/** Debian's or another Firefox, by its path. */
export function findFirefox(): string | undefined {
  return onPath('firefox-esr') ?? onPath('firefox');
}

function onPath(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.map((folder) => resolve(folder, command)).find((path) => existsSync(path));
}
