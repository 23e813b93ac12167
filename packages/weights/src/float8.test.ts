import { expect, test } from 'vitest';
import { makeFloat8Table } from './float8.ts';

// ml_dtypes 0.5.1: np.arange(256, dtype='u1').view(ml_dtypes.float8_e4m3fn).astype('f4')
test('e4m3fn: subnormals, the largest number, NaN without infinities', () => {
  const table = makeFloat8Table('float8_e4m3fn');
  const bits = [0x00, 0x80, 0x01, 0x07, 0x08, 0x38, 0x39, 0xb8, 0x7e, 0xfe, 0x7f, 0xff];
  const values = [0, -0, 2 ** -9, 7 * 2 ** -9, 2 ** -6, 1, 1.125, -1, 448, -448, Number.NaN, Number.NaN];
  expect(bits.map((i) => table[i])).toEqual(values);
});

test('e5m2: subnormals, the largest number, infinities and NaN', () => {
  const table = makeFloat8Table('float8_e5m2');
  const bits = [0x00, 0x80, 0x01, 0x03, 0x04, 0x3c, 0x3d, 0xbc, 0x7b, 0xfb, 0x7c, 0xfc, 0x7d, 0xff];
  const inf = Number.POSITIVE_INFINITY;
  const values = [
    0,
    -0,
    2 ** -16,
    3 * 2 ** -16,
    2 ** -14,
    1,
    1.25,
    -1,
    57344,
    -57344,
    inf,
    -inf,
    Number.NaN,
    Number.NaN,
  ];
  expect(bits.map((i) => table[i])).toEqual(values);
});
