import '@tensorflow/tfjs-backend-cpu';
import { randomVars } from '@residual/blocks';
import { type Classifier, createClassifier } from '@residual/classifier';
import { tfjs } from '@residual/compile';
import { cifarResNet, cifarResNetSpec } from '@residual/resnet';
import { cifar } from '@residual/vision';
import { cifar10Classes } from '@residual/vision/cifar10';
import * as tf from '@tensorflow/tfjs-core';
import { onTestFinished } from 'vitest';
import { InferenceServer, type ServerOptions } from '../src/server.ts';

/** Edge of the pictures that the tests' net takes. */
export const EDGE = 8;

/** A small net with weights made of a seed, for pictures of 8 × 8. */
export async function tinyClassifier(seed = 3, batchSize = 4): Promise<Classifier> {
  await tf.setBackend('cpu');
  const model = cifarResNet(8, { vars: randomVars({ seed }) });
  const weights = await model.stateDict();
  model.dispose();
  const preset = { ...cifar, resizePx: EDGE, cropPx: EDGE };
  return createClassifier({
    model: cifarResNetSpec(8),
    weights,
    preset,
    labels: cifar10Classes,
    engines: [tfjs()],
    batchSize,
  });
}

/** A server of one such net, `net` in version 1, on a port of its own; it ends with the test. */
export async function startServer(
  options: Partial<ServerOptions> = {},
): Promise<{ server: InferenceServer; address: string; grpc: string; faults: unknown[] }> {
  const faults: unknown[] = [];
  const server = new InferenceServer({
    repository: {
      list: () => Promise.resolve([{ name: 'net', version: '1' }]),
      load: ({ version }) => tinyClassifier(Number(version)),
    },
    onFault: (error) => faults.push(error),
    // The worker is built code; the command's tests have it.
    pictureThreads: 0,
    ...options,
  });
  const { http: address, grpc } = await server.start({ host: '127.0.0.1', port: 0, grpcPort: 0 });
  onTestFinished(() => server.stop());
  return { server, address, grpc: grpc!, faults };
}

/** Prepared pictures of made-up numbers. */
export function preparedPictures(count: number): Float32Array {
  return Float32Array.from({ length: count * EDGE * EDGE * 3 }, (_, index) => Math.sin(index * 0.37));
}
