import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { classifyModule } from './classify.mjs';
import { run } from './run.mjs';

const project = inject('project');
const folder = join(project, 'types');

test.each(['5.4', '5.9', '6', '7'])('TypeScript %s checks a program without the DOM library', async (version) => {
  mkdirSync(folder, { recursive: true });
  const text = `${classifyModule()}
    export const answered: string = await classify();
    const net = await fromPretrained('resnet50', { engines: [wasm()] });
    const [best] = await net.classify('cat.jpg', { topK: 1 });
    // @ts-expect-error: were the types lost, this would be no error.
    export const label: number = best!.label;
  `;
  writeFileSync(
    join(folder, 'program.mts'),
    text.replace("import { fileURLToPath } from 'node:url';", 'declare function fileURLToPath(url: unknown): string;'),
  );
  const config = join(folder, `tsconfig.${version}.json`);
  const options = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2022'],
    types: [],
    skipLibCheck: true,
  };
  writeFileSync(config, JSON.stringify({ compilerOptions: options, files: ['program.mts'] }));
  const said = await run([join(project, `node_modules/typescript-${version}/bin/tsc`), '-p', config], folder);
  expect(said).toBe('');
});
