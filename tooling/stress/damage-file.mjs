// Damages of a picture's file, each chosen by `random()`, a number from 0 to 1.

/** Bytes that come from a file that was copied halfway, or from a disk that is failing. */
const damages = {
  /** Its end is missing; now and then all of it. */
  cut: (bytes, random) => bytes.subarray(0, random() < 0.1 ? 0 : Math.floor(random() * bytes.length)),
  /** Up to twenty bits are others, half of the time in the header. */
  flipped(bytes, random) {
    const copy = Uint8Array.from(bytes);
    const range = random() < 0.5 ? Math.min(512, copy.length) : copy.length;
    for (let left = 1 + Math.floor(random() * 20); left > 0; left--)
      copy[Math.floor(random() * range)] ^= 1 << Math.floor(random() * 8);
    return copy;
  },
  /** A part is zeros; half of the time its begin. */
  zeroed(bytes, random) {
    const start = random() < 0.5 ? 0 : Math.floor(random() * bytes.length);
    return Uint8Array.from(bytes).fill(0, start, start + Math.ceil(random() * 65_536));
  },
  /** Its bytes are whole; its name is another's. */
  misnamed: (bytes) => bytes,
};

/** Endings that are not, or may not be, those of the file's format. */
const ENDINGS = ['', '.txt', '.dat', '.jpg', '.png', '.JPE', '.tif'];

/** `{kind, bytes, ending}`: what became of a file with this ending. */
export function damageFile(bytes, ending, random) {
  const kinds = Object.keys(damages);
  const kind = kinds[Math.floor(random() * kinds.length)];
  const isMisnamed = kind === 'misnamed' || random() < 0.2;
  return {
    kind,
    bytes: damages[kind](bytes, random),
    ending: isMisnamed ? ENDINGS[Math.floor(random() * ENDINGS.length)] : ending,
  };
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
