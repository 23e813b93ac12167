// Decodes with ImageMagick in a thread of its own, so that nothing else waits for it and its memory goes with the thread.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';

const require = createRequire(import.meta.url);

const { ColorSpace, ImageMagick, initializeImageMagick, MagickImageInfo, MagickReadSettings, ResourceLimits } =
  await import('@imagemagick/magick-wasm');
await initializeImageMagick(await readFile(require.resolve('@imagemagick/magick-wasm/magick.wasm')));
ResourceLimits.disk = 0n;

parentPort.on('message', ({ id, bytes, coder, maxPixels }) => {
  try {
    const answer = decode(bytes, coder, maxPixels);
    parentPort.postMessage({ id, ...answer }, answer.data ? [answer.data.buffer] : []);
  } catch {
    parentPort.postMessage({ id, problem: 'damaged' });
  }
});

/** The first picture of a file, read by one coder alone. */
function decode(bytes, coder, maxPixels) {
  const settings = new MagickReadSettings({ format: coder, frameIndex: 0, frameCount: 1 });
  const { width, height } = MagickImageInfo.create(bytes, settings);
  if (width * height > maxPixels) return { width, height };
  return ImageMagick.read(bytes, settings, (image) => {
    const isCmyk = image.colorSpace === ColorSpace.CMYK;
    const data = image.getPixels((pixels) =>
      pixels.toByteArray(0, 0, image.width, image.height, isCmyk ? 'CMYK' : 'RGB'),
    );
    return { width: image.width, height: image.height, isCmyk, data };
  });
}
