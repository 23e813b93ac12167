import { expect, test, vi } from 'vitest';
import { decodeImage } from './decode-file.ts';

vi.mock('sharp', () => {
  throw new Error('Could not load the "sharp" module\nlong explanation');
});

test('without a working sharp one line says to install it', async () => {
  const decoding = decodeImage(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0));
  await expect(decoding).rejects.toMatchObject({ code: 'DECODER_MISSING' });
  await expect(decoding).rejects.toThrow(/^image: decoding needs sharp, which .*: run npm install sharp$/);
});
