// node main.js PICTURE…: what is in them. Without arguments, the samples of the weights.
import { fileURLToPath } from 'node:url';
import { native } from '@residual/backend-node';
import { wasm } from '@residual/backend-wasm/node';
import { fromPretrained } from '@residual/classifier';
import { samplePictures, weightsUrl } from '@residual/weights-cifar10';

const given = process.argv.slice(2);
const pictures = given.length > 0 ? given : samplePictures().map(({ url }) => fileURLToPath(url));

// CIFAR-10's ten classes, without a download. For ImageNet's thousand: fromPretrained('resnet50', …).
const net = await fromPretrained(fileURLToPath(weightsUrl()), { engines: [native(), wasm()] });
for (const picture of pictures) {
  const [best] = await net.classify(picture, { topK: 1 });
  console.log(`${picture}: ${best.label} (${(100 * best.score).toFixed(0)} %)`);
}
await net.dispose();
