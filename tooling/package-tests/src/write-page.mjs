import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes an example the page of the project in `folder`; `openPage` waits until it is done. */
export function writePage(folder, example) {
  writeFileSync(join(folder, 'page.mjs'), `${example}\nglobalThis.exampleIsDone = true;\n`);
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="/page.mjs"></script>');
}
