import { afterEach, expect, test } from 'vitest';
import { checkArrows } from './arrows.mjs';
import { TemporaryRepository } from './temporary-repository.mjs';

const README = `# R

## Packages

| package | purpose | depends on |
|---|---|---|
| [blocks](packages/blocks) | blocks | – |
| \`weights\` | files | blocks (types) |
| @residual/resnet | nets | blocks |

## Next
| other | table | here |
`;

const manifest = (name, ...dependencies) => ({
  name: `@residual/${name}`,
  dependencies: Object.fromEntries(dependencies.map((one) => [`@residual/${one}`, 'workspace:^'])),
});

let repository;
afterEach(() => repository.remove());

function violations(files = {}) {
  repository = new TemporaryRepository({
    'README.md': README,
    'packages/blocks/package.json': manifest('blocks'),
    'packages/blocks/src/index.ts': "import * as tf from '@tensorflow/tfjs-core';\nexport { a } from './a.ts';\n",
    'packages/weights/package.json': manifest('weights', 'blocks'),
    'packages/weights/src/index.ts': "import type {\n  StateDict,\n} from '@residual/blocks';\n",
    'packages/resnet/package.json': manifest('resnet', 'blocks'),
    'packages/resnet/src/index.ts': "import { a } from '@residual/blocks';\n",
    'apps/node/package.json': manifest('cli', 'resnet'),
    'apps/node/src/main.ts': "import '@residual/resnet/registry';\nawait import('../src/evaluate.ts');\n",
    ...files,
  });
  return checkArrows(repository.folder);
}

test('a repository along its arrows passes, and its imports are counted', () => {
  expect(violations()).toEqual({ packages: 3, imports: 6, violations: [] });
});

test.each([
  ['a static import', "import {\n  b,\n} from '@residual/weights';\n"],
  ['a dynamic one', "const load = () => import('@residual/weights/node');\n"],
  ['a re-export', "export { b } from '@residual/weights';\n"],
  ['types', "import type { B } from '@residual/weights';\n"],
])('%s against the arrows', (_, code) => {
  const found = violations({ 'packages/resnet/src/a.ts': code }).violations;
  expect(found).toContain(
    'packages/resnet/src/a.ts depends on weights, which README.md does not list for resnet; add the arrow there or drop the import',
  );
});

test('tests may import what they like, comments and strings are no imports', () => {
  const code =
    "/** import { b } from '@residual/weights'; */\n// import('@residual/weights')\nconst s = `from '@residual/weights'`;\n";
  const test = "import { b } from '@residual/weights';\n";
  expect(violations({ 'packages/resnet/src/a.ts': code, 'packages/resnet/src/a.test.ts': test }).violations).toEqual(
    [],
  );
});

test('values where only types are allowed', () => {
  const code = "import { type A, b } from '@residual/blocks';\n";
  expect(violations({ 'packages/weights/src/a.ts': code }).violations).toEqual([
    'packages/weights/src/a.ts imports values of blocks, but README.md lists blocks (types); write `import type`',
  ]);
});

test('a dependency in package.json against the arrows, and an import that package.json lacks', () => {
  const changed = {
    'packages/blocks/package.json': manifest('blocks', 'resnet'),
    'packages/resnet/package.json': manifest('resnet'),
  };
  expect(violations(changed).violations).toEqual([
    'packages/blocks/package.json depends on resnet, which README.md does not list for blocks; add the arrow there or drop the import',
    'packages/resnet/src/index.ts imports @residual/blocks, which packages/resnet/package.json does not list; add it to dependencies',
  ]);
});

test('addons for platforms in its own folder are no arrows, those of another package are', () => {
  const optionalDependencies = { '@residual/blocks-linux-x64': 'workspace:*' };
  const files = {
    'packages/blocks/package.json': { ...manifest('blocks'), optionalDependencies },
    'packages/blocks/npm/linux-x64/package.json': manifest('blocks-linux-x64'),
  };
  expect(violations(files).violations).toEqual([]);
  repository.remove();
  const others = { ...manifest('resnet', 'blocks'), optionalDependencies };
  expect(violations({ ...files, 'packages/resnet/package.json': others }).violations).toEqual([
    expect.stringContaining('packages/resnet/package.json depends on blocks-linux-x64'),
  ]);
});

test('a package that imports an app, and a path out of its package', () => {
  const code = "import '@residual/cli';\nimport '../../blocks/src/a.ts';\n";
  const found = violations({ 'packages/resnet/src/a.ts': code }).violations;
  expect(found).toContain('packages/resnet/src/a.ts depends on the app cli; apps import packages, never the reverse');
  expect(found).toContain(
    "packages/resnet/src/a.ts imports '../../blocks/src/a.ts', outside its package; import it by its package's name",
  );
});

test('a folder without a row, a row without a folder, an arrow to nowhere, and no table', () => {
  const table = README.replace('| @residual/resnet | nets | blocks |', '| vision | pictures | nothing |');
  expect(violations({ 'README.md': table }).violations).toEqual([
    'README.md: no folder packages/vision for the row vision; drop the row',
    "README.md: vision depends on nothing, which is no package; write a package's name, or `name (types)`",
    'README.md: packages/resnet has no row in the table of packages; add one',
  ]);
  repository.write({ 'README.md': '# R\n' });
  expect(checkArrows(repository.folder).violations).toEqual([
    'README.md: expected a table `package | purpose | depends on` under "## Packages", got none',
  ]);
});
