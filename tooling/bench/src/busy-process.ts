import { spawn } from 'node:child_process';

/** Starts a process that keeps one core busy until `stop`. */
export function startBusyProcess(): { stop(): void } {
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  return { stop: () => child.kill('SIGKILL') };
}
