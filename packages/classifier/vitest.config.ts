export { default } from '../../tooling/vitest/shared-process.ts';
