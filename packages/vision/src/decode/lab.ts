/** D50 XYZ to linear sRGB, Bradford-adapted. @see http://www.brucelindbloom.com/Eqn_RGB_XYZ_Matrix.html */
const XYZ_TO_RGB: readonly (readonly [number, number, number])[] = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
];
const D50_WHITE: readonly [number, number, number] = [0.9642, 1, 0.8249];

/**
 * CIE LAB to sRGB: L* from 0 to 255, a* and b* as signed bytes, three a pixel. PIL goes through a table of LittleCMS
 * instead, and a few levels away from this where colours leave sRGB.
 */
export function labToRgb(lab: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(lab.length);
  for (let at = 0; at < lab.length; at += 3) {
    const y = ((lab[at]! * 100) / 255 + 16) / 116;
    const x = y + signed(lab[at + 1]!) / 500;
    const z = y - signed(lab[at + 2]!) / 200;
    const xyz = [x, y, z].map((value, i) => linear(value) * D50_WHITE[i]!);
    for (const [i, [fromX, fromY, fromZ]] of XYZ_TO_RGB.entries()) {
      rgb[at + i] = Math.round(255 * gamma(fromX * xyz[0]! + fromY * xyz[1]! + fromZ * xyz[2]!));
    }
  }
  return rgb;
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

function linear(value: number): number {
  return value > 6 / 29 ? value ** 3 : 3 * (6 / 29) ** 2 * (value - 4 / 29);
}

function gamma(value: number): number {
  const inside = Math.min(1, Math.max(0, value));
  return inside <= 0.0031308 ? 12.92 * inside : 1.055 * inside ** (1 / 2.4) - 0.055;
}
