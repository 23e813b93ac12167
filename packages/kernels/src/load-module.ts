import { KernelError } from './kernel-error.ts';

const own: Record<'single' | 'threads', Promise<WebAssembly.Module> | undefined> = {
  single: undefined,
  threads: undefined,
};

/** The package's module for one thread or for several, compiled once, or the given one. */
export async function loadModule(
  given: WebAssembly.Module | BufferSource | URL | string | undefined,
  kind: 'single' | 'threads',
): Promise<WebAssembly.Module> {
  if (given instanceof WebAssembly.Module) return given;
  try {
    if (given === undefined) {
      own[kind] ??= compileFrom(
        kind === 'single'
          ? new URL('../wasm/residual-kernels.wasm', import.meta.url)
          : new URL('../wasm/residual-kernels-threads.wasm', import.meta.url),
      );
      return await own[kind];
    }
    return typeof given === 'string' || given instanceof URL
      ? await compileFrom(new URL(given, globalThis.location?.href))
      : await WebAssembly.compile(given);
  } catch (cause) {
    own[kind] = undefined;
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
