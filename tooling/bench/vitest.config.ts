import { mergeConfig, type ViteUserConfig } from 'vitest/config';
import library from '../vitest/library.ts';

const config: ViteUserConfig = mergeConfig(library, { test: { globalSetup: './test/build-bench.ts' } });
export default config;
