import { KernelError } from './kernel-error.ts';

let own: Promise<WebAssembly.Module> | undefined;

/** The package's module, compiled once, or the given one. */
export async function loadModule(
  given: WebAssembly.Module | BufferSource | URL | string | undefined,
): Promise<WebAssembly.Module> {
  if (given instanceof WebAssembly.Module) return given;
  try {
    if (given === undefined) {
      own ??= compileFrom(new URL('../wasm/residual-kernels.wasm', import.meta.url));
      return await own;
    }
    return typeof given === 'string' || given instanceof URL
      ? await compileFrom(new URL(given, globalThis.location?.href))
      : await WebAssembly.compile(given);
  } catch (cause) {
    own = undefined;
    throw new KernelError('UNAVAILABLE', `WASM kernels: ${(cause as Error).message}`, { cause });
  }
}

async function compileFrom(url: URL): Promise<WebAssembly.Module> {
  if (url.protocol === 'file:') {
    // Node alone comes here: bundlers for browsers leave the import as it is.
    const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises');
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: expected the module, got ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
