import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { say } from '../terminal/output.ts';

/**
 * Runs `residual ARGS` in a process of its own; what it says comes with `name` before it.
 * The signal, and the end of this process however it comes, make it save and stop. Gives its exit code.
 */
export async function runTrainingProcess(name: string, args: readonly string[], signal: AbortSignal): Promise<number> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    // The channel says nothing; that it closes says that this process has ended.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stop = (): void => {
    if (child.connected) child.disconnect();
  };
  signal.addEventListener('abort', stop);
  const lines = createInterface({ input: child.stderr! });
  lines.on('line', (line) => say(`${name}: ${line}`));
  try {
    // Not `close`, which a child whose channel was closed from here does not emit.
    const [[code]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
    return code ?? 1;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
