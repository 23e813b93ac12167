import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import library from '../vitest/library.ts';
import { packages } from './packages.mjs';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly '@residual/source': string }>>;
}

// Stryker runs it in a copy of the package.
const { name, exports }: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { beside, without, first } = packages[name.replace('@residual/', '') as keyof typeof packages];

/** Those that find most come first: what is named after the mutated file, then those of the table. */
class FirstFinders extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { mutatedFile } = globalThis as { mutatedFile?: string };
    const named = mutatedFile?.replace(/\.ts$/, '.test.ts');
    const isFirst = ({ moduleId }: TestSpecification) => first.some((end) => moduleId.endsWith(end));
    const rank = (file: TestSpecification): number => (file.moduleId === named ? 0 : isFirst(file) ? 1 : 2);
    return [...files].sort((a, b) => rank(a) - rank(b));
  }
}

/** The packages' own configuration without its report; whoever imports the package by its name gets the copy, too. */
const config: ViteUserConfig = {
  ...library,
  resolve: {
    ...library.resolve,
    alias: Object.entries(exports).map(([path, { '@residual/source': source }]) => ({
      find: new RegExp(`^${name}${path.slice(1)}$`),
      replacement: resolve(source),
    })),
  },
  test: {
    ...library.test,
    reporters: [{}],
    // A test that a busy machine keeps waiting has not failed; Stryker has a limit of its own.
    testTimeout: 0,
    hookTimeout: 0,
    // A run's files share a thread, which imports tfjs once.
    isolate: false,
    setupFiles: [resolve(import.meta.dirname, 'deactivate.mjs')],
    // Hundreds of modules, which tests of gradients import, become one.
    deps: { optimizer: { ssr: { enabled: true, include: ['@tensorflow/tfjs-core/dist/register_all_gradients.js'] } } },
    sequence: { sequencer: FirstFinders },
    include: [...(library.test?.include ?? []), ...beside],
    exclude: [...(library.test?.exclude ?? []), ...without],
  },
};
export default config;
