import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { publicPackages } from '../public-packages.mjs';
import { readReadme } from '../readme.mjs';

/** What a page prints that runs the engine on workers. */
export const answer = /^1\.000 1\.000 1\.000 1\.000 on WASM relaxed-simd, \d+ threads$/m;

/** Writes the example of backend-wasm's README as a module with one function, `blur`, that answers what it prints; the engine with `options`. */
export function writeBlur(file, options = '') {
  const { example } = readReadme(publicPackages().find(({ name }) => name === '@residual/backend-wasm'));
  const lines = example
    .replace("backend-wasm/node'", "backend-wasm'")
    .replace('wasm()', `wasm(${options})`)
    .split('\n');
  const body = lines.filter((line) => !line.startsWith('import '));
  const text = [
    ...lines.filter((line) => line.startsWith('import ')),
    'export async function blur() {',
    '  let said;',
    ...body.map((line) => line.replace('console.log(', 'said = (').replace(/ \/\/ .*/, '')),
    "  return [said, executable.info.device].join(' on ');",
    '}',
  ];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text.join('\n'));
}

/** A page's script that prints what `blur` answers, and says when it is done. */
export function writeScript(folder) {
  const script =
    "import { blur } from './blur.mjs';\nblur().then((said) => { console.log(said); globalThis.exampleIsDone = true; });\n";
  writeFileSync(join(folder, 'page.mjs'), script);
}
