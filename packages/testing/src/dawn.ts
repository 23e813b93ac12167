import { join } from 'node:path';
import { unpackBrowser } from './browser.ts';

/** dlopen's RTLD_LAZY, and RTLD_NODELETE, by which a library stays though Node finds no addon in it. */
const KEPT = 0x1001;

/**
 * Gives Node a `navigator.gpu`: Dawn (npm's `webgpu`) on the SwiftShader driver that npm's Chromium brings, so on the CPU.
 *
 * Guard with `requirement('webgpu')`. Dawn keeps the process alive: end each device with `destroy()`.
 */
export async function provideWebgpu(): Promise<GPU> {
  const folder = await unpackBrowser();
  process.env['VK_DRIVER_FILES'] = join(folder, 'vk_swiftshader_icd.json');
  try {
    // Dawn asks for `libvulkan.so.1` by name, and so finds the one that is there already.
    process.dlopen({ exports: {} }, join(folder, 'libvulkan.so.1'), KEPT);
  } catch {
    // It is no addon of Node's, and says so.
  }
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create(['backend=vulkan']);
  const navigator = globalThis.navigator ?? {};
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: navigator });
  return gpu;
}
