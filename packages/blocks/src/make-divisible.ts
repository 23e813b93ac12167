export interface MakeDivisibleOptions {
  readonly divisor: number;
  /** Default `divisor`. */
  readonly least?: number;
  /** No less than this share of the number stays, else the next multiple is taken; default 0.9. */
  readonly kept?: number;
}

/** The multiple of `divisor` that is nearest to a number of channels, half going up. @see timm `make_divisible` */
export function makeDivisible(
  channels: number,
  { divisor, least = divisor, kept = 0.9 }: MakeDivisibleOptions,
): number {
  const nearest = Math.max(least, Math.floor(Math.trunc(channels + divisor / 2) / divisor) * divisor);
  return nearest < kept * channels ? nearest + divisor : nearest;
}
