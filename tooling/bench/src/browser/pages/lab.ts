import { webgpu } from '@residual/backend-webgpu';
import { tfjsWebgpu } from '@residual/backend-webgpu/tfjs';
import { randomVars, type VarSource } from '@residual/blocks';
import { cifarPlainSpec, cifarResNetSpec, ResNet } from '@residual/resnet';
import { type DataSet, oneCycle, sgd, shuffledBatches, type TrainingData, train } from '@residual/train';
import '@tensorflow/tfjs';
import { setBackend } from '@tensorflow/tfjs-core';
import type { LabAnswer, LabJob } from '../lab-protocol.ts';

// As the demo's lab trains.
const BATCH = 32;
const SIZE_PX = 16;
const WIDTH = 8;

const losses: number[] = [];
let device = '';
let open: () => void = () => undefined;
let permitted = 0;
let hear: () => void = () => undefined;
let training: Promise<unknown> = Promise.resolve();

/** Begins a training that waits for {@link advance}. */
export async function begin({ engine, model }: LabJob): Promise<void> {
  const isPlan = engine === 'webgpu';
  if (isPlan) await setBackend('cpu');
  else device = (await tfjsWebgpu().use()).runsOn;
  const plan = webgpu();
  const spec = { ...(model === 'plain20' ? cifarPlainSpec(20) : cifarResNetSpec(20, 'A')), width: WIDTH };
  const data = shuffledBatches(pictures, {
    batchSize: BATCH,
    sizePx: SIZE_PX,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
    seed: 1,
  });
  training = train({
    model: (vars: VarSource) => new ResNet(spec, { vars }),
    initial: randomVars({ seed: 1 }),
    data: gated(data),
    epochs: 8,
    schedule: oneCycle(0.1, 8 * data.stepsPerEpoch),
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
    ...(isPlan && {
      engine: {
        ...plan,
        async compile(...network: Parameters<typeof plan.compile>) {
          const executable = await plan.compile(...network);
          device = executable.info.device;
          return executable;
        },
      },
    }),
    onEvent(event) {
      if (event.kind === 'step') losses.push(event.loss);
      hear();
    },
  });
  // Whoever waits for steps is told.
  training.catch(() => undefined);
}

/** So many steps more. */
export async function advance(steps: number): Promise<LabAnswer> {
  const beginMs = performance.now();
  permitted += steps;
  open();
  const wanted = permitted;
  const stepped = new Promise<void>((resolve) => {
    hear = () => {
      if (losses.length >= wanted) resolve();
    };
  });
  await Promise.race([stepped, training]);
  return { ms: performance.now() - beginMs, losses, device };
}

/** The same batches, each once it is permitted. */
function gated(data: TrainingData): TrainingData {
  let taken = 0;
  return {
    ...data,
    async *batches(epoch, first) {
      for await (const batch of data.batches(epoch, first)) {
        while (taken >= permitted) {
          await new Promise<void>((resolve) => {
            open = resolve;
          });
        }
        taken += 1;
        yield batch;
      }
    },
  };
}

/** Ten classes, of a colour and a direction of stripes, of many brightnesses. */
const pictures: DataSet = {
  size: 640,
  classes: Array.from({ length: 10 }, (_, index) => String(index)),
  read(index) {
    const label = index % 10;
    const data = new Uint8Array(3 * SIZE_PX * SIZE_PX);
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [Math.floor(i / 3) % SIZE_PX, Math.floor(i / 3 / SIZE_PX)];
      const stripe = ((label < 5 ? x : y) >> 1) % 2;
      data[i] = 40 + 60 * stripe + (i % 3 === label % 3 ? 12 * label : 0) + 30 * (1 + Math.sin(7919 * index + 13 * i));
    }
    return { image: { width: SIZE_PX, height: SIZE_PX, channels: 3, data }, label };
  },
};
