// Opens threads for data, takes a batch, leaves the next ones under way, and ends.
import { threadedBatches } from '@residual/train/node';

const data = await threadedBatches(new URL('./threaded-data.mjs', import.meta.url), {}, { threads: 2 });
const batches = data.batches(0, 0);
const { value } = await batches.next();
console.log(value.images.length);
