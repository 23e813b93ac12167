import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Candidate, Job } from './job.ts';
import type { Answer, Loaded, Question, Ran } from './messages.ts';

const marker: symbol = Symbol.for('residual.ContestantError');

/** A candidate that could not be loaded or that failed, with the reason in a line. */
export class ContestantError extends Error {
  readonly code = 'CONTESTANT';

  constructor(reason: string) {
    super(reason);
    this.name = 'ContestantError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is ContestantError {
    return error instanceof Error && marker in error;
  }
}

/** A candidate in a process of its own, which lives until `stop`. */
export class Contestant {
  readonly candidate: Candidate;
  readonly loaded: Loaded;
  /** Of each timed run so far, for the whole batch. */
  readonly samplesMs: number[] = [];
  peakMB = 0;
  readonly #child: ChildProcess;

  private constructor(candidate: Candidate, loaded: Loaded, child: ChildProcess) {
    this.candidate = candidate;
    this.loaded = loaded;
    this.#child = child;
  }

  /** @throws ContestantError where it cannot run here. */
  static async start(job: Job, env: NodeJS.ProcessEnv = {}): Promise<Contestant> {
    const child = fork(childFile(), {
      serialization: 'advanced',
      execArgv: [],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    try {
      return new Contestant(job, (await ask(child, { kind: 'load', job })) as Loaded, child);
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Runs some times, one after another, and keeps the times. */
  async run(runs: number): Promise<readonly number[]> {
    const { ms, peakMB } = await this.#run(runs);
    this.samplesMs.push(...ms);
    this.peakMB = peakMB;
    return ms;
  }

  /** Runs without keeping the times. */
  async warmUp(runs: number): Promise<void> {
    this.peakMB = (await this.#run(runs)).peakMB;
  }

  async #run(runs: number): Promise<Ran> {
    try {
      return (await ask(this.#child, { kind: 'run', runs })) as Ran;
    } catch (error) {
      throw ContestantError.isInstance(error)
        ? new ContestantError(`${this.candidate.engine}: ${error.message}`)
        : error;
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** A process needs JavaScript: from sources it is the built one. */
function childFile(): string {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(isSource ? '../dist/child.js' : './child.js', import.meta.url));
}

async function ask(child: ChildProcess, question: Question): Promise<Answer> {
  let errors = '';
  const hear = (chunk: Buffer): void => {
    errors = (errors + chunk).slice(-4000);
  };
  child.stderr!.on('data', hear);
  try {
    const reply = await new Promise<Answer>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Answer));
      child.once('exit', (code, signal) => reject(died(code, signal, errors)));
      child.send(question, (error) => error && reject(new ContestantError(error.message)));
    });
    if (reply.kind === 'refused') throw new ContestantError(reply.reason);
    return reply;
  } finally {
    child.removeAllListeners('message');
    child.removeAllListeners('exit');
    child.stderr!.off('data', hear);
  }
}

function died(code: number | null, signal: string | null, errors: string): ContestantError {
  const lastLine = errors.trim().split('\n').at(-1);
  const how = signal === null ? `code ${code}` : signal;
  return new ContestantError(`its process ended by ${how}${lastLine ? `: ${lastLine}` : ''}`);
}
