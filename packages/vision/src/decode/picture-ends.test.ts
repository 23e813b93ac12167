import { expect, test } from 'vitest';
import { readGolden } from '../../golden/pixels.ts';
import { gifFirstFrame, jpegEnds } from './picture-ends.ts';

const { files } = readGolden<{ files: [string, string, string, string][] }>('decode.json');

test.each([
  ['.jpeg', jpegEnds],
  ['.gif', (bytes: Uint8Array) => gifFirstFrame(bytes) !== undefined],
] as const)('a whole %s file ends, also with bytes behind it, and one that is cut off does not', (ending, ends) => {
  const pictures = files.filter(([name]) => name.endsWith(ending));
  expect(pictures.length).toBeGreaterThan(1);
  for (const [name, , , base64] of pictures) {
    const bytes = Buffer.from(base64, 'base64');
    expect(ends(bytes), name).toBe(true);
    expect(ends(Buffer.concat([bytes, Buffer.from('maker’s notes'), Buffer.alloc(9)])), name).toBe(true);
    // An animated GIF's first frame ends where the second begins.
    const most = name === 'animated.gif' ? bytes.length / 3 : bytes.length - 2;
    for (let length = 0; length < most; length++)
      expect(ends(bytes.subarray(0, length)), `${name}, ${length} bytes`).toBe(false);
  }
});
