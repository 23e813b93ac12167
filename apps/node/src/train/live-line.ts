import type { EpochRecord, TrainingEvent } from '@residual/train';

const INTERVAL_MS = 200;

/** Says on stderr where a training is: on a terminal in one line that changes, and a line for each epoch anywhere. */
export function liveLine(epochs: number): (event: TrainingEvent) => void {
  const isTerminal = process.stderr.isTTY;
  let lastMs = 0;
  return (event) => {
    if (event.kind === 'epoch')
      process.stderr.write(`${isTerminal ? '\r\x1b[K' : ''}${epochLine(event.record, epochs)}\n`);
    if (event.kind !== 'step' || !isTerminal || performance.now() - lastMs < INTERVAL_MS) return;
    lastMs = performance.now();
    process.stderr.write(`\r\x1b[K${stepLine(event, epochs)}`);
  };
}

function epochLine({ epoch, trainLoss, trainError, testError, seconds }: EpochRecord, epochs: number): string {
  const test = testError === undefined ? '' : `, test error ${testError.toFixed(2)} %`;
  const train = `loss ${trainLoss.toFixed(4)}, train error ${trainError.toFixed(2)} %`;
  return `epoch ${epoch}/${epochs}: ${train}${test}, ${seconds.toFixed(0)} s`;
}

function stepLine(event: Extract<TrainingEvent, { kind: 'step' }>, epochs: number): string {
  const { epoch, step, steps, loss, accuracy, imagesPerSecond, secondsLeft } = event;
  const speed = `${imagesPerSecond.toFixed(0)} images/s, ${duration(secondsLeft)} left`;
  return `epoch ${epoch}/${epochs}, step ${step}/${steps}, loss ${loss.toFixed(3)}, accuracy ${accuracy.toFixed(1)} %, ${speed}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
