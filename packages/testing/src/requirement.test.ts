import { afterEach, expect, test, vi } from 'vitest';
import { requirement } from './requirement.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('what is absent skips, unless RESIDUAL_REQUIRE lists it', () => {
  vi.stubEnv('RESIDUAL_DATA', '/nonexistent');
  vi.stubEnv('RESIDUAL_REQUIRE', 'rust');
  expect(requirement('data')).toBe(false);
  vi.stubEnv('RESIDUAL_REQUIRE', 'rust,data');
  expect(() => requirement('data')).toThrow("RESIDUAL_REQUIRE lists 'data'");
});

test('the browser of the browser tests comes with the install', () => {
  expect(requirement('chromium')).toBe(true);
});
