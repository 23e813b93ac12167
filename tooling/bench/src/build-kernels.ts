import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Builds what is stale of the native kernels, as the package's own build does; without Rust it says so, and goes on. */
export async function buildKernels(): Promise<void> {
  const script = fileURLToPath(new URL('../../../packages/kernels/build.mjs', import.meta.url));
  await once(spawn(process.execPath, [script], { stdio: ['ignore', 2, 2] }), 'close');
}
