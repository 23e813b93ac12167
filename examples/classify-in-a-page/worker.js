import { wasm } from '@residual/backend-wasm';
import { fromPretrained } from '@residual/classifier';
import { readWeights } from '@residual/weights-cifar10';

const loading = readWeights().then((weights) => fromPretrained(weights, { engines: [wasm()] }));

self.onmessage = async ({ data }) => {
  try {
    const net = await loading;
    const [best] = await net.classify(data, { topK: 1 });
    self.postMessage(`${best.label} (${(100 * best.score).toFixed(0)} %), by ${net.engine.device}`);
  } catch (error) {
    self.postMessage(error.message);
  }
};
