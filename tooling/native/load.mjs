import { run } from './process.mjs';

/** Loads the addon in a process of its own; `output` is its libtensorflow's version. */
export async function loads(addon) {
  const program = 'process.stdout.write(require(process.argv[1]).TF_Version)';
  return run(process.execPath, ['-e', program, addon], { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' } });
}
