import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

/** Builds what is stale of the bench, whose processes run JavaScript. */
export default function buildBench(): void {
  const typescript = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = resolve(dirname(typescript), 'bin/tsc');
  execFileSync(process.execPath, [tsc, '-b', resolve(import.meta.dirname, '..')], { stdio: 'inherit' });
}
