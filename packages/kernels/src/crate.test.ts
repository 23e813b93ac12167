import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { requirement } from '@residual/testing';
import { describe, expect, test } from 'vitest';

const folder = resolve(import.meta.dirname, '..');
// Minutes of compiling: only where Rust is asked for.
const asked = (process.env['RESIDUAL_REQUIRE'] ?? '').split(',');
const isAsked = asked.includes('rust') && requirement('rust');
const isArmAsked = isAsked && asked.includes('aarch64') && requirement('aarch64');

describe.skipIf(!isAsked)('the crate', () => {
  test('its kernels give what plain loops in float64 give', { timeout: 900_000 }, () => {
    const cwd = resolve(folder, 'crate');
    const output = execFileSync('cargo', ['test', '--release', '--locked', '--features', 'emulated'], {
      cwd,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(output).toContain('winograd_matches_float64_where_it_applies ... ok');
  });

  test('its kernels read and write nothing but their own memory', { timeout: 900_000 }, () => {
    const output = runScript('sanitize.sh');
    expect(output).toContain('bytes_keep_two_digits ... ok');
  });

  test.skipIf(!isArmAsked)('its kernels for ARM give what plain loops give', { timeout: 900_000 }, () => {
    const output = runScript('emulate.sh');
    // On a CPU that multiplies bfloat16 and bytes, and on one that does not.
    expect(output.match(/what_an_arm_cpu_multiplies_is_found \.\.\. ok/g)).toHaveLength(2);
  });

  test('the committed WASM modules are what the sources build, byte for byte', { timeout: 900_000 }, () => {
    const script = resolve(folder, 'build-wasm.mjs');
    const output = execFileSync('node', [script, '--check'], { encoding: 'utf8', stdio: 'pipe' });
    expect(output.match(/is what these sources build/g)).toHaveLength(4);
  });
});

function runScript(name: string): string {
  return execFileSync('sh', [resolve(folder, name)], { encoding: 'utf8', stdio: 'pipe' });
}
