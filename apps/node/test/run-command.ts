import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** The line on stderr that says who computes. */
  readonly device: string | undefined;
  /** The other lines there. */
  readonly said: readonly string[];
}

/** Runs the built command as a user's shell would, `input` on its standard input. */
export function residual(
  args: readonly string[],
  { cwd, env, input }: { cwd?: string; env?: NodeJS.ProcessEnv; input?: Uint8Array } = {},
): Promise<CommandResult> {
  const main = resolve(import.meta.dirname, '../dist/main.js');
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    // Packed weights of a test are no use to anybody.
    env: { ...process.env, RESIDUAL_NO_PACKED: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A command that reads none may have ended.
  child.stdin.on('error', () => undefined).end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      const lines = stderr.split('\n').filter((line) => line !== '');
      const device = lines.find((line) => /^(native|tensorflow|wasm|webgpu|tfjs)\b/.test(line));
      resolve({ exitCode, stdout, device, said: lines.filter((line) => line !== device) });
    });
  });
}
