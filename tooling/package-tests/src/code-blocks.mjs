import { readFileSync } from 'node:fs';

const FENCE = /^```(\w*)([^\n]*)\n(.*?)^```/gms;
const IMPORT = /^import\s[^;]*;/gm;
const NAMED = /^import \{([^}]*)\} from ('[^']*');$/;

/** The code blocks of a page of Markdown: `language`, `file` where `file=NAME` says so, `text`, and the `line` at which it begins. */
export function codeBlocks(path) {
  const page = readFileSync(path, 'utf8');
  return [...page.matchAll(FENCE)].map(({ 1: language, 2: info, 3: text, index }) => ({
    language,
    file: /\bfile=(\S+)/.exec(info)?.[1],
    text,
    line: page.slice(0, index).split('\n').length + 1,
  }));
}

/** A block of JavaScript or TypeScript. */
export function isCode({ language }) {
  return /^(?:js|ts|jsx|tsx|mjs)$/.test(language);
}

/**
 * TypeScript modules, by their files, of a page's code. Every line is where it is on the page, so that a compiler's complaint
 * names the page's line. A block with `file=` or an export is a module of its own. The others are one module, in which each block
 * sees what the ones before it imported and declared, and may declare it anew. `given` declares what the page's words stand for.
 */
export function modulesOf(blocks, given = '') {
  const code = blocks.filter(isCode);
  const isAlone = ({ file, text }) => file !== undefined || /^export /m.test(text);
  const alone = code
    .filter(isAlone)
    .map(({ file, text, line }) => [file ?? `line-${line}.ts`, '\n'.repeat(line - 1) + text]);
  const shared = code.filter((block) => !isAlone(block));
  if (shared.length === 0) return new Map(alone);
  const lines = [];
  for (const { text, line } of shared) {
    const body = text.replaceAll(IMPORT, (words) => words.replaceAll(/[^\n]/g, ''));
    lines[line - 2] = '{';
    for (const [offset, words] of body.split('\n').entries()) lines[line - 1 + offset] = words;
  }
  const head = ['export {};', ...importsOf(shared), given].join(' ');
  const text = Array.from([...lines, '}'.repeat(shared.length)], (words) => words ?? '');
  return new Map([...alone, ['page.ts', [head, ...text.slice(1)].join('\n')]]);
}

/** The imports of all blocks, each name once. */
function importsOf(blocks) {
  const statements = blocks.flatMap(({ text }) =>
    [...text.matchAll(IMPORT)].map(([words]) => words.replaceAll('\n', ' ')),
  );
  const names = new Set();
  const others = new Set();
  for (const statement of statements) {
    const [, list, module] = NAMED.exec(statement) ?? [];
    if (list === undefined) others.add(statement);
    for (const name of list?.split(',') ?? [])
      if (name.trim() !== '') names.add(`import { ${name.trim()} } from ${module};`);
  }
  return [...others, ...names];
}
