import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { requirement } from '@residual/testing';
import { describe, expect, test } from 'vitest';

const folder = resolve(import.meta.dirname, '..');
const hasRust = requirement('rust');

describe.skipIf(!hasRust)('the crate', { timeout: 1_800_000 }, () => {
  test('its functions, one by one', async ({ signal }) => {
    const args = ['test', '--locked', '--lib', '--features', 'emulated', '--target-dir', '../target/units'];
    // All kernels are compiled along, and hardly any runs.
    const output = await run('cargo', args, signal, { CARGO_PROFILE_TEST_OPT_LEVEL: '0' });
    expect(output).toContain('a_percentile_cuts_off_what_is_rare ... ok');
    expect(output).toContain('every_instruction_set_multiplies_what_it_has ... ok');
  });

  test('its kernels give what plain loops in float64 give, and touch nothing but their own memory', async ({
    signal,
  }) => {
    const output = await run('sh', ['../sanitize.sh'], signal);
    expect(output).toContain('winograd_matches_float64_where_it_applies ... ok');
    expect(output).toContain('bytes_keep_two_digits ... ok');
  });

  test.skipIf(!requirement('aarch64'))('its kernels for ARM give what plain loops give', async ({ signal }) => {
    const output = await run('sh', ['../emulate.sh'], signal);
    // On a CPU that multiplies all, on one without products of float16 into float32, and on one that has nothing but NEON.
    expect(output.match(/what_an_arm_cpu_multiplies_is_found \.\.\. ok/g)).toHaveLength(3);
    expect(output.match(/float16_keeps_three_digits \.\.\. ok/g)).toHaveLength(2);
    expect(output.match(/resnet20_names_the_same_classes_in_fewer_bits \.\.\. ok/g)).toHaveLength(2);
  });

  test('the committed WASM modules are what the sources build, byte for byte', async ({ signal }) => {
    const output = await run('node', ['../build-wasm.mjs', '--check'], signal);
    expect(output.match(/is what these sources build/g)).toHaveLength(4);
  });
});

/** Runs a command in the crate's folder, and ends it with all that it has started where the test ends first. */
async function run(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const cwd = resolve(folder, 'crate');
  const child = spawn(command, args, { cwd, detached: true, env: { ...process.env, ...env } });
  const kill = (): boolean => process.kill(-child.pid!, 'SIGKILL');
  signal.addEventListener('abort', kill);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const status = await new Promise((done) => child.on('close', done));
  signal.removeEventListener('abort', kill);
  expect(status, output).toBe(0);
  return output;
}
