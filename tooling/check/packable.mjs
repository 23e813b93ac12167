// Refuses to pack a package of which a file is missing that its package.json names: packed without a build, it would be
// published empty. Each published package's `prepack` runs it in its own folder.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the package.json in `folder` names and is not there. */
export function missingFiles(folder) {
  const { main, bin, exports, files } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const named = new Set([...pathsIn(main), ...pathsIn(bin), ...pathsIn(exports), ...(files ?? [])]);
  return [...named].filter((path) => !/^!|\*/.test(path) && !existsSync(join(folder, path)));
}

function pathsIn(value) {
  if (typeof value === 'string') return [value];
  return Object.values(value ?? {}).flatMap(pathsIn);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = missingFiles(process.cwd());
  if (missing.length > 0) {
    console.error(`${process.cwd()}: expected ${missing.join(', ')} to be packed, got nothing there; build it first`);
    process.exitCode = 1;
  }
}
