import type { ProgressEvent } from '@residual/weights/hub';
import { Presets, SingleBar } from 'cli-progress';
import { say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';

/** Shows a download on stderr: as a bar on a terminal, elsewhere as a line that says what is fetched. */
export interface DownloadBar {
  readonly onProgress: (event: ProgressEvent) => void;
  stop(): void;
}

export function downloadBar(): DownloadBar {
  const bar = new SingleBar(
    { format: '{bar} {mebibytes} of {all} MiB, {eta_formatted} left: {name}', hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  const isTerminal = process.stderr.isTTY;
  let shown: string | undefined;
  return {
    onProgress(event) {
      if (event.status !== 'progress_total') return;
      const { name, loaded, total } = event;
      const details = { name: printable(name), mebibytes: mebibytes(loaded), all: mebibytes(total) };
      if (shown !== undefined) {
        if (isTerminal) bar.update(loaded, details);
        return;
      }
      // The files that describe weights are too small to be worth a word.
      if (total < 2 ** 20) return;
      shown = name;
      if (isTerminal) bar.start(total, loaded, details);
      else say(`downloading ${name}, ${mebibytes(total)} MiB`);
    },
    stop() {
      if (isTerminal && shown !== undefined) bar.stop();
    },
  };
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
