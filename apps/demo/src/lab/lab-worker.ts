import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { randomVars, type VarSource } from '@residual/blocks';
import type { Engine } from '@residual/compile';
import { cifarPlainSpec, cifarResNetSpec, ResNet } from '@residual/resnet';
import { oneCycle, orderedBatches, sgd, shuffledBatches, train } from '@residual/train';
import { useGradients } from '../session/worker/gradients.ts';
import { isRefused, labEngine } from './lab-engine.ts';
import type { LabMessage, LabSettings } from './protocol.ts';
import { SIZE_PX, toyPictures } from './toy-pictures.ts';

const TRAIN_COUNT = 640;
const TEST_COUNT = 160;
const BATCH = 32;
const CHANNELS = 8;
const HIGHEST_RATE = 0.1;

const pixels = { batchSize: BATCH, sizePx: SIZE_PX, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;

addEventListener('message', ({ data }: MessageEvent<LabSettings>) => {
  run(data).catch((error: unknown) => {
    say({ kind: 'problem', message: error instanceof Error ? error.message : String(error) });
  });
});

/** One training; whoever wants to stop it ends the worker. */
async function run(settings: LabSettings): Promise<void> {
  const sayDevice = (runsOn: string): void => say({ kind: 'device', runsOn });
  const engine = await labEngine(sayDevice);
  let hasStepped = false;
  try {
    await trainOn(engine, settings, () => {
      hasStepped = true;
    });
  } catch (error) {
    if (hasStepped || engine === undefined || !isRefused(error)) throw error;
    sayDevice(await useGradients());
    await trainOn(undefined, settings, () => undefined);
  }
  say({ kind: 'end' });
}

async function trainOn(
  engine: Engine | undefined,
  { depth, shortcut, epochs, seed }: LabSettings,
  onStep: () => void,
): Promise<void> {
  const spec = { ...(shortcut === 'none' ? cifarPlainSpec(depth) : cifarResNetSpec(depth, shortcut)), width: CHANNELS };
  const data = shuffledBatches(toyPictures(TRAIN_COUNT, seed), { ...pixels, seed });
  await train({
    model: (vars: VarSource) => new ResNet(spec, { vars }),
    initial: randomVars({ seed }),
    ...(engine && { engine }),
    data,
    epochs,
    schedule: oneCycle(HIGHEST_RATE, epochs * data.stepsPerEpoch),
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
    evaluation: () => orderedBatches(toyPictures(TEST_COUNT, seed + 1), pixels),
    onEvent(event) {
      if (event.kind === 'step') {
        onStep();
        say({ kind: 'step', step: event.step, steps: event.steps, loss: event.loss });
      }
      if (event.kind === 'epoch')
        say({ kind: 'epoch', trainError: event.record.trainError, testError: event.record.testError! });
    },
  });
}

function say(message: LabMessage): void {
  postMessage(message);
}
