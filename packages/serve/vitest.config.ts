import type { ViteUserConfig } from 'vitest/config';
import library from '../../tooling/vitest/library.ts';

// Without `module`: under it OpenTelemetry's packages have what bundlers read, and Node does not.
const resolve = { conditions: ['@residual/source', 'node', 'import', 'default'] };
const config: ViteUserConfig = { ...library, resolve, ssr: { resolve } };
export default config;
