// What the tests' threads make batches of: the tiny net's pictures, and ways to fail.
import { subset } from '@residual/train';
import { tinyData, tinyOptions } from './tiny.mjs';

export function trainingData({ mix, failure }) {
  if (failure === 'at once') throw new Error('nothing\nhere');
  const { data } = tinyOptions(mix);
  const fail = () => {
    if (failure === 'throws') throw new RangeError('no such picture');
    if (failure === 'ends') process.exit(3);
  };
  return {
    ...data,
    async *batches(epoch, first) {
      for await (const batch of data.batches(epoch, first)) {
        if (first === 4) fail();
        if (failure === 'never') await new Promise(() => undefined);
        yield batch;
      }
    },
  };
}

export function openDataSet({ size }) {
  return subset(tinyData(size), () => true);
}
