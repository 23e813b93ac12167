import { defineConfig, mergeConfig } from 'vitest/config';
import library from '../vitest/library.ts';

export default mergeConfig(library, defineConfig({ test: { include: ['*.test.mjs'] } }));
