import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { codeBlocks, isCode, modulesOf } from './code-blocks.mjs';
import { pages } from './pages.mjs';

const root = resolve(import.meta.dirname, '../../..');
// Where all packages are installed as their users have them, and nothing is committed.
const folder = join(import.meta.dirname, '../.vitest/code-blocks');

const graphAndWeights = `
  declare const graph: import('@residual/compile').Graph;
  declare const weights: import('@residual/compile').Weights;
  declare const image: Float32Array;`;

/** What the words of a page stand for that its reader has. */
const given = {
  'docs/architecture.md': `
    import { Conv2d, type VarScope } from '@residual/blocks';
    declare const vars: VarScope;
    declare const inChannels: number, outChannels: number, stride: number;`,
  'packages/backend-node/README.md': graphAndWeights,
  'packages/backend-webgpu/README.md': `${graphAndWeights} declare const bar: HTMLProgressElement;`,
  'packages/testing/README.md': `
    declare function logits(): Promise<Float32Array>;
    declare const golden: { logits: Float32Array };`,
  'packages/train/README.md': `
    declare const options: Omit<import('@residual/train').TrainOptions, 'data'>;`,
};

/**
 * What JavaScript need not say, and its blocks do not: the rank of tfjs's tensors, that a number is one of a few, that a value is
 * there. Blocks of TypeScript are held to it.
 */
const unsaid = /'Rank' is not assignable to type|'Tensor<Rank>' is not assignable|channels: number|TS2532|TS18048/;

/** What the project's compiler says of blocks of code, by their pages. */
async function complaints(blocksOf) {
  rmSync(folder, { recursive: true, force: true });
  for (const [page, blocks] of blocksOf) {
    for (const [file, text] of modulesOf(blocks, given[page]?.replaceAll(/\s+/g, ' '))) {
      mkdirSync(join(folder, page), { recursive: true });
      writeFileSync(join(folder, page, file), text);
    }
  }
  const compilerOptions = {
    ...{
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'],
      module: 'nodenext',
      types: ['node'],
    },
    ...{ noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
    // Examples are JavaScript as much as TypeScript: a parameter says no type.
    ...{ strict: true, noImplicitAny: false },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder });
    return [];
  } catch ({ stdout }) {
    return stdout
      .trim()
      .split(/\n(?! )/)
      .filter((complaint) => !(unsaid.test(complaint) && blockOf(complaint, new Map(blocksOf)).language === 'js'));
  }
}

function blockOf(complaint, blocksOf) {
  const [, page, line] = /^(.*\.md)\/.*?\((\d+),/.exec(complaint);
  return blocksOf.get(page).findLast((block) => isCode(block) && block.line <= Number(line));
}

test('every block of code of the READMEs and the docs is what the packages declare', async () => {
  const blocksOf = pages().map((page) => [page, codeBlocks(join(root, page))]);
  expect(blocksOf.flatMap(([, blocks]) => blocks).length).toBeGreaterThan(50);
  expect(await complaints(blocksOf)).toEqual([]);
});

test('a block that is wrong is told, by the line of its page', async () => {
  const block = (line, text) => ({ language: 'js', text, line });
  const blocks = [
    block(3, "import { resnet18 } from '@residual/resnet';\nconst model = resnet18({ classes: 5 });\n"),
    block(8, 'model.forwards();\n'),
    block(12, 'export default absent;\n'),
  ];
  expect(await complaints([['wrong.md', blocks]])).toEqual([
    expect.stringMatching(/^wrong\.md\/line-12\.ts\(12,16\): .*'absent'/),
    expect.stringMatching(/^wrong\.md\/page\.ts\(4,26\): .*'classes'/),
    expect.stringMatching(/^wrong\.md\/page\.ts\(8,7\): .*'forwards'/),
  ]);
});
