import { Presets, SingleBar } from 'cli-progress';
import { say } from './terminal/output.ts';

/** Where a long command is. */
export interface Progress {
  advance(count: number): void;
  /** Writes a line to stderr without tearing the bar. */
  say(line: string): void;
  stop(): void;
}

/** Nothing is shown of what is done sooner. */
const PATIENCE_MS = 1500;

/** How often a log is told. */
const LOG_INTERVAL_MS = 30_000;

/**
 * A bar on stderr where that is a terminal, no lines of output go to one as well, and the work lasts; elsewhere none, or
 * with `logs` a line from time to time. Where nobody knows the total there are lines alone.
 */
export function showProgress(
  total: number | undefined,
  unit: string,
  { printsLines, logs = false }: { printsLines: boolean; logs?: boolean },
): Progress {
  if (logs && (!process.stderr.isTTY || total === undefined)) return logProgress(total, unit);
  if (!process.stderr.isTTY || total === undefined || (printsLines && process.stdout.isTTY)) {
    return { advance: () => undefined, say, stop: () => undefined };
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
      say(line);
    },
    stop() {
      if (isShown) bar.stop();
    },
  };
}

function logProgress(total: number | undefined, unit: string): Progress {
  const startMs = performance.now();
  let done = 0;
  let toldMs = startMs;
  return {
    advance(count) {
      done += count;
      const nowMs = performance.now();
      if (nowMs - toldMs < LOG_INTERVAL_MS || done === total) return;
      toldMs = nowMs;
      const rate = (done / (nowMs - startMs)) * 1000;
      if (total === undefined) return say(`${done} ${unit}, ${rate.toFixed(1)} per second`);
      const leftMinutes = Math.ceil((total - done) / rate / 60);
      say(`${done} of ${total} ${unit}, ${rate.toFixed(1)} per second, ${leftMinutes} min left`);
    },
    say,
    stop: () => undefined,
  };
}
