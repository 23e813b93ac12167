import { mergeConfig, type ViteUserConfig } from 'vitest/config';
import library from '../../tooling/vitest/library.ts';

const config: ViteUserConfig = mergeConfig(library, { test: { globalSetup: './test/build-command.ts' } });
export default config;
