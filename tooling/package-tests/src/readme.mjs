import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks } from './code-blocks.mjs';

/**
 * What a package's README tells its reader to do: `installs`, the names in its install line, and `example`, its first
 * block of JavaScript (a command's first block of shell after the install line).
 */
export function readReadme({ name, folder, manifest }) {
  const path = join(folder, 'README.md');
  const place = `${name}: README.md`;
  if (!existsSync(path))
    throw new Error(
      `${place} is missing; write its purpose, \`npm install ${name} …\`, one example that runs, and the reference`,
    );
  const blocks = codeBlocks(path);

  const install = blocks.find(({ text }) => /^npm install /m.test(text));
  if (!install) throw new Error(`${place} has no block with \`npm install ${name} …\`; add one`);
  const installs = [...install.text.matchAll(/^npm install ([^#\n]*)/gm)].flatMap(([, words]) =>
    words.split(/\s+/).filter((word) => word !== '' && !word.startsWith('-')),
  );
  if (!installs.includes(name))
    throw new Error(`${place}: its install line must name ${name}, got ${installs.join(' ')}`);

  const languages = manifest.bin ? ['sh'] : ['js', 'ts'];
  const example = blocks.find((block) => block !== install && languages.includes(block.language));
  if (!example)
    throw new Error(`${place} has no example: a block of \`\`\`${languages.join(' or ```')} that runs as it stands`);
  return { installs, example: example.text };
}
