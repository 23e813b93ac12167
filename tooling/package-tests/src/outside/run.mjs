import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** An environment in which nothing of this repository is in reach. */
export const cleanEnvironment = { ...process.env, NODE_OPTIONS: '', NODE_PATH: '', NEXT_TELEMETRY_DISABLED: '1' };

/** Runs Node with arguments, and answers what it prints; where it fails, the error says both that and what it complains of. */
export async function run(args, cwd, options) {
  return (await runSaying(args, cwd, options)).stdout;
}

/** As `run`; answers what it complains of too. */
export async function runSaying(args, cwd, { node = [process.execPath], env = {} } = {}) {
  const [command, ...before] = node;
  try {
    const options = { cwd, env: { ...cleanEnvironment, ...env }, maxBuffer: 2 ** 26 };
    return await promisify(execFile)(command, [...before, ...args], options);
  } catch (error) {
    throw new Error(`${args.join(' ')} fails:\n${error.stdout}${error.stderr || error.message}`);
  }
}
