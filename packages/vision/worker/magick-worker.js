// Decodes with ImageMagick in a thread of its own, so that nothing else waits for it and its memory goes with the thread.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const magick = await import('@imagemagick/magick-wasm');
const { ColorSpace, ImageMagick, MagickError, MagickErrorSeverity, MagickImageInfo, MagickReadSettings } = magick;
await magick.initializeImageMagick(await readFile(require.resolve('@imagemagick/magick-wasm/magick.wasm')));
magick.ResourceLimits.disk = 0n;

parentPort.on('message', ({ bytes, coder, maxPixels }) => {
  const answer = answerTo(bytes, coder, maxPixels);
  parentPort.postMessage(answer, answer.data ? [answer.data.buffer] : []);
});

function answerTo(bytes, coder, maxPixels) {
  try {
    return decode(bytes, coder, maxPixels);
  } catch (error) {
    // What is no error of ImageMagick's own leaves its memory in no known state: the thread ends.
    if (!(error instanceof MagickError)) throw error;
    return { isOutOfMemory: error.severity === MagickErrorSeverity.ResourceLimitError };
  }
}

/** The first picture of a file, read by one coder alone; only its size where it has more than `maxPixels`. */
function decode(bytes, coder, maxPixels) {
  const settings = new MagickReadSettings({ format: coder, frameIndex: 0, frameCount: 1 });
  const { width, height } = MagickImageInfo.create(bytes, settings);
  if (width * height > maxPixels) return { width, height };
  return ImageMagick.read(bytes, settings, (image) => {
    const isCmyk = image.colorSpace === ColorSpace.CMYK;
    const channels = isCmyk ? 'CMYK' : 'RGB';
    const data = image.getPixels((pixels) => pixels.toByteArray(0, 0, image.width, image.height, channels));
    return { width: image.width, height: image.height, isCmyk, data };
  });
}
