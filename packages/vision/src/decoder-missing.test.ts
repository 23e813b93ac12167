import { expect, test, vi } from 'vitest';
import { decodeImage } from './decode-file.ts';

vi.mock('sharp', () => {
  throw new Error('Could not load the "sharp" module\nlong explanation');
});

test('without a working sharp one line says to install it', async () => {
  const decoding = decodeImage(new TextEncoder().encode('RIFF\0\0\0\0WEBPVP8 '));
  await expect(decoding).rejects.toMatchObject({ code: 'DECODER_MISSING' });
  await expect(decoding).rejects.toThrow(/^image: decoding needs sharp, which .*: run npm install sharp$/);
});
