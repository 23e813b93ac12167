/** How a convolution's groups lie on the device: merged until a group fills whole vectors, with zeros between. */
export interface Grouping {
  readonly groups: number;
  /** Groups of the model in one of these. */
  readonly merged: number;
  /** Vectors of four input channels of one of these. */
  readonly inVectors: number;
  readonly outVectors: number;
}

export function groupingOf(inChannels: number, outChannels: number, groups: number): Grouping {
  const fits = (merged: number): boolean =>
    groups % merged === 0 && ((merged * inChannels) / groups) % 4 === 0 && ((merged * outChannels) / groups) % 4 === 0;
  let merged = 1;
  while (merged < groups && !fits(merged)) merged++;
  return {
    groups: groups / merged,
    merged,
    inVectors: Math.ceil((inChannels * merged) / groups / 4),
    outVectors: Math.ceil(outChannels / 4),
  };
}

export interface Filter {
  /** `[h, w, in / groups, out]`. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly bias: Float32Array | undefined;
  /** Of the model. */
  readonly groups: number;
}

/** A filter as `[tap, inPitch, outVectors × 4]`, followed by the bias. */
export function packFilter(
  { shape, data, bias, groups }: Filter,
  { merged, outVectors }: Grouping,
  inPitch: number,
): Float32Array {
  const [height, width, inChannels, outChannels] = shape as [number, number, number, number];
  const pitch = outVectors * 4;
  const taps = height * width;
  const packed = new Float32Array((taps * inPitch + 1) * pitch);
  const groupChannels = outChannels / groups;
  for (let tap = 0; tap < taps; tap++) {
    for (let channel = 0; channel < inChannels; channel++) {
      const source = (tap * inChannels + channel) * outChannels;
      for (let group = 0; group < (merged === 1 ? 1 : groups); group++) {
        const row = tap * inPitch + (group % merged) * inChannels + channel;
        const [begin, end] = merged === 1 ? [0, outChannels] : [group * groupChannels, (group + 1) * groupChannels];
        packed.set(data.subarray(source + begin, source + end), row * pitch + begin);
      }
    }
  }
  if (bias) packed.set(bias, taps * inPitch * pitch);
  return packed;
}
