import { spawn } from 'node:child_process';

/**
 * Runs a command to its end and returns `{ok, output}`; `ok` is false as well where the command does not exist.
 * With `isAlive`, it is stopped, children included, once `isAlive` says no.
 */
export async function run(command, args, { isAlive, everyMs = 2000, ...options } = {}) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: isAlive !== undefined,
    ...options,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const watch =
    isAlive &&
    setInterval(async () => {
      if (!(await isAlive())) stop(child);
    }, everyMs);
  const ok = await new Promise((resolve) => {
    child.on('error', (error) => {
      output += error.message;
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
  clearInterval(watch);
  return { ok, output: output.trim() };
}

function stop(child) {
  try {
    if (process.platform === 'win32') child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
