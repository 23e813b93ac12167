import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Runs `residual ARGS` in a process of its own, with so many TensorFlow threads; what it says comes with `name` before it.
 * The signal, and the end of this process however it comes, make it save and stop. Gives its exit code.
 */
export async function runTrainingProcess(
  name: string,
  args: readonly string[],
  { threads, signal }: { readonly threads: number; readonly signal: AbortSignal },
): Promise<number> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    // The channel says nothing; that it closes says that this process has ended.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) },
  });
  const stop = (): void => {
    if (child.connected) child.disconnect();
  };
  signal.addEventListener('abort', stop);
  const lines = createInterface({ input: child.stderr! });
  lines.on('line', (line) => process.stderr.write(`${name}: ${line}\n`));
  try {
    // Not `close`, which a child whose channel was closed from here does not emit.
    const [[code]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
    return code ?? 1;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
