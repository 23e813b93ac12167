import { importBuiltin } from '../plain/import-builtin.js';
import { KernelError } from './kernel-error.ts';
import type { WasmIsa } from './wasm-isa.ts';

/** What the package's module is to be for. */
export interface ModuleKind {
  readonly isa: WasmIsa;
  readonly hasThreads: boolean;
}

const own = new Map<string, Promise<WebAssembly.Module>>();

/** The package's module for one thread or for several, compiled once, from `files` where that is given, or the given one. */
export async function loadModule(
  given: WebAssembly.Module | BufferSource | URL | string | undefined,
  kind: ModuleKind,
  files: URL | string | undefined,
): Promise<WebAssembly.Module> {
  if (given instanceof WebAssembly.Module) return given;
  try {
    if (given === undefined) return await loadOwn(files === undefined ? addressOf(kind) : fileIn(files, nameOf(kind)));
    return typeof given === 'string' || given instanceof URL
      ? await compileFrom(new URL(given, globalThis.location?.href))
      : await WebAssembly.compile(given);
  } catch (cause) {
    throw new KernelError('UNAVAILABLE', `WASM kernels: ${(cause as Error).message}`, { cause });
  }
}

/** The address of a file in the folder where the package's files are served. */
export function fileIn(folder: URL | string, name: string): URL {
  const base = new URL(folder, globalThis.location?.href);
  return new URL(name, base.href.endsWith('/') ? base : `${base.href}/`);
}

function nameOf({ isa, hasThreads }: ModuleKind): string {
  return `residual-kernels${hasThreads ? '-threads' : ''}${isa === 'relaxed-simd' ? '-relaxed' : ''}.wasm`;
}

/** Each address as a literal, by which bundlers find the files. */
function addressOf({ isa, hasThreads }: ModuleKind): URL {
  if (isa === 'relaxed-simd') {
    return hasThreads
      ? new URL('../wasm/residual-kernels-threads-relaxed.wasm', import.meta.url)
      : new URL('../wasm/residual-kernels-relaxed.wasm', import.meta.url);
  }
  return hasThreads
    ? new URL('../wasm/residual-kernels-threads.wasm', import.meta.url)
    : new URL('../wasm/residual-kernels.wasm', import.meta.url);
}

async function loadOwn(url: URL): Promise<WebAssembly.Module> {
  const loading = own.get(url.href) ?? compileFrom(url);
  own.set(url.href, loading);
  try {
    return await loading;
  } catch (error) {
    own.delete(url.href);
    throw error;
  }
}

async function compileFrom(url: URL): Promise<WebAssembly.Module> {
  if (url.protocol === 'file:') {
    // Node alone comes here.
    const { readFile } = await importBuiltin<typeof import('node:fs/promises')>('node:fs/promises');
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: expected the module, got ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
