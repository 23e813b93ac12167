import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './fixtures.ts';
import { type CommandResult, residual } from './run-command.ts';

/** A CPU that does not multiply such numbers says so, and nothing else computes. */
function isRefused({ exitCode, said }: CommandResult): boolean {
  return exitCode === 2 && said[0]!.includes('native: precision int8: expected a CPU with AVX2 or AVX512_VNNI');
}

const classes = (stdout: string): string[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).top[0].label);

describe.skipIf(!requirement('native'))('--precision', () => {
  test('int8 names what fp32 names, by ranges of the run or of a folder, and says which', async () => {
    const exact = await residual(['classify', '--json', '--device', 'native']);
    const own = await residual(['classify', '--json', '--device', 'native', '--precision', 'int8']);
    if (isRefused(own)) return;
    expect(own.device).toMatch(/^native \(\w+, int8, /);
    const note = 'note: int8 has its ranges from 2 pictures of this run; --calibrate FOLDER takes others';
    expect(own.said.filter((line) => line.includes('int8'))).toEqual([note]);
    expect(classes(own.stdout)).toEqual(classes(exact.stdout));
    const folder = join(import.meta.dirname, '../../../packages/weights-cifar10/samples');
    const more = ['--precision', 'int8', '--calibrate', folder, '--calibrate-percentile', '99.99'];
    const other = await residual(['classify', '--json', '--device', 'native', ...more]);
    expect(other.said.filter((line) => line.includes('int8'))).toEqual([]);
    expect(classes(other.stdout)).toEqual(classes(exact.stdout));
  });

  test('a device that has not the precision says so, and none takes another instead', async () => {
    const args = ['classify', '--device', 'wasm,tfjs-wasm', '--precision', 'bf16'];
    const { exitCode, stdout, said } = await residual(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(said[0]).toBe(
      'residual: --precision: expected one in which a device here computes, got bf16 (wasm: precision: expected fp32, ' +
        'which is all that wasm computes in, got bf16; tfjs-wasm: it computes in fp32 alone); take fp32',
    );
  });

  test('where no picture can be read for the ranges, that is said', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'bad.png'), 'no picture');
    const args = ['classify', 'bad.png', '--device', 'native', '--precision', 'int8'];
    const result = await residual(args, { cwd });
    if (isRefused(result)) return;
    expect(result.exitCode).toBe(2);
    expect(result.said.at(-1)).toContain('--calibrate: expected pictures by which int8 finds its ranges, got none');
  });

  test.each([
    { args: ['--calibrate', 'x'], expected: '--calibrate: expected --precision int8 beside it, got fp32' },
    {
      args: ['--precision', 'int8', '--calibrate-percentile', '0'],
      expected: '--calibrate-percentile: expected a number',
    },
    { args: ['--precision', 'int4'], expected: 'Allowed choices are fp32, fp16, bf16, int8' },
  ])('$args is refused in a line', async ({ args, expected }) => {
    const { exitCode, said } = await residual(['classify', ...args]);
    expect(exitCode).toBe(2);
    expect(said[0]).toContain(expected);
  });
});
