import { expect, test } from 'vitest';
import { sourceFromBytes } from '../byte-source.ts';
import { Hdf5File } from './hdf5-file.ts';

test('datasets that share bytes are refused once they come to more than the file', () => {
  const file = new Hdf5File(sourceFromBytes(new Uint8Array(100), 'w.h5'), { offset: 20, sizeBytes: 80 });
  file.claim(50, 'a');
  file.claim(30, 'b');
  expect(() => file.claim(1, 'c')).toThrow(
    'w.h5: c: expected bytes of its own, got those of other datasets; the file is corrupt, fetch it again',
  );
});
