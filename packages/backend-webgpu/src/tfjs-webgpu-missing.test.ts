import { expect, test, vi } from 'vitest';
import { tfjsWebgpu } from './tfjs.ts';

vi.mock('@tensorflow/tfjs-backend-webgpu');

test('where its package is not installed, it says so in a line', async () => {
  await expect(tfjsWebgpu().use()).rejects.toThrow(
    /^tfjs-webgpu: expected @tensorflow\/tfjs-backend-webgpu, found none; npm install it$/,
  );
});
