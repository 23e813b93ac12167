import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const main = resolve(import.meta.dirname, '../../apps/node/dist/main.js');
const INTERVAL_MS = 50;

/**
 * Runs `residual ARGS` in `cwd`, and interrupts it after `stopMs`, but not before it has said something: by then it listens.
 * Gives `{code, stdout, lines, residentMiB, elapsedMs}`: the lines of stderr, and what was resident, every 50 ms.
 */
export async function watchedCommand(args, cwd, stopMs = Number.POSITIVE_INFINITY) {
  const startMs = performance.now();
  let isStopped = false;
  const child = spawn(process.execPath, [main, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const outputs = { stdout: [], stderr: [] };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => outputs[name].push(chunk));
  const residentMiB = [];
  const timer = setInterval(() => {
    const now = resident(child.pid);
    if (now !== undefined) residentMiB.push(now);
    const hasBegun = outputs.stderr.length > 0;
    if (isStopped || !hasBegun || performance.now() - startMs < stopMs) return;
    isStopped = true;
    child.kill('SIGINT');
  }, INTERVAL_MS);
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
  clearInterval(timer);
  const [stdout, stderr] = ['stdout', 'stderr'].map((name) => Buffer.concat(outputs[name]).toString('utf8'));
  const lines = stderr.split('\n').filter((line) => line !== '');
  return { code, stdout, lines, residentMiB, elapsedMs: performance.now() - startMs };
}

/** `undefined` where the process has ended, and on systems that do not tell. */
function resident(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return undefined;
  }
}
