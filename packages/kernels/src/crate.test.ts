import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { requirement } from '@residual/testing';
import { describe, expect, test } from 'vitest';

const folder = resolve(import.meta.dirname, '..');
// Minutes of compiling: only where Rust is asked for.
const isAsked = (process.env['RESIDUAL_REQUIRE'] ?? '').split(',').includes('rust') && requirement('rust');

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

  test('the committed WASM modules are what the sources build, byte for byte', { timeout: 900_000 }, () => {
    const script = resolve(folder, 'build-wasm.mjs');
    const output = execFileSync('node', [script, '--check'], { encoding: 'utf8', stdio: 'pipe' });
    expect(output.match(/is what these sources build/g)).toHaveLength(4);
  });
});
