import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { wasm } from '@residual/backend-wasm/node';
import { BasicBlock } from '@residual/blocks';
import { fromPretrained } from '@residual/classifier';
import { cifarStem, type ResNetSpec } from '@residual/resnet';
import { deterministicPicture, requirement } from '@residual/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface WildFile {
  readonly file: string;
  /** PyTorch's, at the network's last endpoint. */
  readonly expected: { readonly logits?: readonly number[]; readonly pooled?: readonly number[] };
  /** What a note has to say. */
  readonly note: string;
}

/** tooling/golden/wild_files.py's network. */
const tiny: ResNetSpec = {
  name: 'tiny',
  block: BasicBlock,
  depths: [1, 1, 1],
  width: 8,
  stem: cifarStem,
  numClasses: 10,
};

const folder = mkdtempSync(join(tmpdir(), 'residual wild '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!requirement('python'))('files as torch and NumPy write them today', () => {
  let files: Record<string, WildFile>;
  beforeAll(() => {
    const { OPENBLAS_CORETYPE: _, ...env } = process.env;
    execFileSync('/usr/bin/python3', [resolve(import.meta.dirname, '../wild_files.py'), folder], {
      env,
      stdio: 'pipe',
    });
    files = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  }, 120_000);

  test("every kind gives PyTorch's answer within 1e-4 of its largest number, and says what there is to say", async () => {
    const input = deterministicPicture([1, 32, 32, 3]);
    const grey = deterministicPicture([1, 32, 32, 1]);
    const short: string[] = [];
    for (const [kind, { file, expected, note }] of Object.entries(files)) {
      try {
        const net = await fromPretrained(join(folder, file), { model: tiny, engines: [wasm({ threads: 1 })] });
        const endpoint = expected.logits ? 'logits' : 'pooled';
        const [row] = await net.forwardIntermediates([net.inChannels === 1 ? grey : input], [endpoint]);
        const got = row![endpoint].data;
        const wanted = expected[endpoint]!;
        const largest = Math.max(...wanted.map(Math.abs));
        const error = Math.max(...wanted.map((value, index) => Math.abs(value - got[index]!))) / largest;
        if (got.length !== wanted.length || !(error < 1e-4)) short.push(`${kind}: off by ${error}`);
        if (!net.notes.join().includes(note)) short.push(`${kind}: no note of '${note}' in ${net.notes.join()}`);
        await net.dispose();
      } catch (error) {
        short.push(`${kind}: ${(error as Error).message}`);
      }
    }
    expect(short).toEqual([]);
    expect(Object.keys(files).length).toBeGreaterThan(40);
  }, 120_000);
});
