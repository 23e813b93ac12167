import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackBrowser } from './browser.ts';
import { lavapipePath, type RequirementName } from './requirement.ts';

/** A Vulkan driver that computes on the CPU: npm's Chromium brings one, `tooling/lavapipe/setup.sh` fetches the other, Mesa's. */
export type WebgpuDriver = 'swiftshader' | 'lavapipe';

/** Both drivers, with what a test that uses one is guarded with, and a part of the name that its adapter has. */
export const webgpuDrivers: readonly {
  readonly driver: WebgpuDriver;
  readonly needs: RequirementName;
  readonly adapter: string;
}[] = [
  { driver: 'swiftshader', needs: 'webgpu', adapter: 'SwiftShader' },
  { driver: 'lavapipe', needs: 'lavapipe', adapter: 'llvmpipe' },
];

/** dlopen's RTLD_LAZY, and RTLD_NODELETE, by which a library stays though Node finds no addon in it. */
const KEPT = 0x1001;

/** One for each driver, kept: Dawn's objects must not be collected while its devices live. */
const kept = new Map<WebgpuDriver, GPU>();

/**
 * Gives Node a `navigator.gpu`: Dawn (npm's `webgpu`) on one of two drivers, both on the CPU. Called again with the other driver,
 * it changes what `navigator.gpu` is; devices that are there go on.
 *
 * Guard with `requirement('webgpu')`, or `requirement('lavapipe')`. Dawn keeps the process alive: end each device with `destroy()`.
 *
 * @throws Error where Dawn's adapter is not this driver's.
 */
export async function provideWebgpu(driver: WebgpuDriver = 'swiftshader'): Promise<GPU> {
  const gpu = kept.get(driver) ?? (await create(driver));
  kept.set(driver, gpu);
  const navigator = globalThis.navigator ?? {};
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: navigator });
  return gpu;
}

/** By which Dawn in another process finds the driver, as `provideWebgpu` does in this one. */
export async function webgpuEnvironment(driver: WebgpuDriver): Promise<Readonly<Record<string, string>>> {
  const browser = await unpackBrowser();
  const isLavapipe = driver === 'lavapipe';
  return {
    VK_DRIVER_FILES: isLavapipe ? lavapipePath('driver.json') : join(browser, 'vk_swiftshader_icd.json'),
    LD_LIBRARY_PATH: [browser, ...(isLavapipe ? [lavapipePath()] : [])].join(':'),
    ...(isLavapipe && { LP_NATIVE_VECTOR_WIDTH: '128' }),
  };
}

async function create(driver: WebgpuDriver): Promise<GPU> {
  const browser = await unpackBrowser();
  if (driver === 'lavapipe') {
    loadLavapipesLibraries();
    // Vectors of four floats, not eight: LLVM, in which most of a test's time goes, takes half as long.
    process.env['LP_NATIVE_VECTOR_WIDTH'] ??= '128';
  }
  // The loader of Vulkan reads it when an instance is made.
  process.env['VK_DRIVER_FILES'] =
    driver === 'lavapipe' ? lavapipePath('driver.json') : join(browser, 'vk_swiftshader_icd.json');
  // Dawn asks for `libvulkan.so.1` by name, and so finds the one that is there already.
  load(join(browser, 'libvulkan.so.1'));
  const dawn = await import('webgpu');
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create(['backend=vulkan']);
  const { description } = (await gpu.requestAdapter())?.info ?? { description: 'none' };
  const { adapter } = webgpuDrivers.find((entry) => entry.driver === driver)!;
  if (!description.includes(adapter))
    throw new Error(`${driver}: expected an adapter '${adapter}', got '${description}'`);
  return gpu;
}

/** A library finds those that it needs by their names where they are loaded: so those that need none come first. */
function loadLavapipesLibraries(): void {
  const names = readdirSync(lavapipePath()).filter((name) => name.includes('.so.'));
  for (let waiting = names, loaded = 1; loaded > 0; ) {
    const left = waiting.filter((name) => !load(lavapipePath(name)));
    loaded = waiting.length - left.length;
    waiting = left;
  }
}

/** Whether the library could be loaded, with all that it needs. */
function load(path: string): boolean {
  try {
    process.dlopen({ exports: {} }, path, KEPT);
  } catch (error) {
    // It is no addon of Node's, and says so.
    return !/cannot open shared object/.test(String(error));
  }
  return true;
}
