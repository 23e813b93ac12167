import { Presets, SingleBar } from 'cli-progress';

/** Where a long command is. */
export interface Progress {
  advance(count: number): void;
  /** Writes a line to stderr without tearing the bar. */
  say(line: string): void;
  stop(): void;
}

/** Nothing is shown of what is done sooner. */
const PATIENCE_MS = 1500;

/** A bar on stderr where that is a terminal, no lines of output go to one as well, and the work lasts; elsewhere none. */
export function showProgress(total: number, unit: string, { printsLines }: { printsLines: boolean }): Progress {
  if (!process.stderr.isTTY || (printsLines && process.stdout.isTTY)) {
    return { advance: () => undefined, say: (line) => process.stderr.write(`${line}\n`), stop: () => undefined };
  }
  const bar = new SingleBar(
    { format: `{bar} {value}/{total} ${unit}, {eta_formatted} left`, hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  const startMs = performance.now();
  let done = 0;
  let isShown = false;
  return {
    advance(count) {
      done += count;
      if (!isShown && performance.now() - startMs > PATIENCE_MS && done < total) {
        bar.start(total, done);
        isShown = true;
      } else if (isShown) bar.update(done);
    },
    say(line) {
      if (isShown) process.stderr.write('\r\x1b[K');
      process.stderr.write(`${line}\n`);
    },
    stop() {
      if (isShown) bar.stop();
    },
  };
}
