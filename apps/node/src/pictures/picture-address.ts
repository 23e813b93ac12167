import { createHash } from 'node:crypto';
import { isWebAddress, otherScheme } from '@residual/classifier';

/** What names a picture on standard input. */
export const STANDARD_INPUT = '-';

/** Whether a picture's name is no file's: standard input, or an address, also one that is not fetched. */
export function isElsewhere(name: string): boolean {
  return name === STANDARD_INPUT || isWebAddress(name) || otherScheme(name) !== undefined;
}

/** Whether an address holds the picture itself. */
export function isData(address: string): boolean {
  return /^data:/i.test(address);
}

/** What rows and messages call a picture: what was given, but that of an address that holds it there is a digest. */
export function pictureName(given: string): string {
  if (!isData(given)) return given;
  const digest = createHash('sha256').update(given).digest('hex').slice(0, 12);
  const head = given.slice(0, 60).split(',', 1)[0]!;
  return `${head},… (sha256 ${digest})`;
}
