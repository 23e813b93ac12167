import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import library from './library.ts';

/**
 * For packages whose tests leave nothing behind: their files share a process and what is loaded in it. To load tfjs for each file
 * takes longer than its tests.
 */
const config: ViteUserConfig = mergeConfig(library, defineConfig({ test: { isolate: false } }));
export default config;
