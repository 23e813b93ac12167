import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CandidateProcess } from './candidate-process.ts';
import { ContestantError } from './contestant-error.ts';
import type { Answer, Question } from './messages.ts';

/** A candidate in Node, by `child`. */
export class NodeProcess implements CandidateProcess {
  readonly #child: ChildProcess;

  constructor(env: NodeJS.ProcessEnv) {
    this.#child = fork(childFile(), {
      serialization: 'advanced',
      execArgv: [],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  }

  async ask(question: Question): Promise<Answer> {
    const child = this.#child;
    let errors = '';
    const hear = (chunk: Buffer): void => {
      errors = (errors + chunk).slice(-4000);
    };
    child.stderr!.on('data', hear);
    try {
      return await new Promise<Answer>((resolve, reject) => {
        child.once('message', (message) => resolve(message as Answer));
        child.once('exit', (code, signal) => reject(died(code, signal, errors)));
        child.send(question, (error) => error && reject(new ContestantError(error.message)));
      });
    } finally {
      child.removeAllListeners('message');
      child.removeAllListeners('exit');
      child.stderr!.off('data', hear);
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

function died(code: number | null, signal: string | null, errors: string): ContestantError {
  const lastLine = errors.trim().split('\n').at(-1);
  const how = signal === null ? `code ${code}` : signal;
  return new ContestantError(`its process ended by ${how}${lastLine ? `: ${lastLine}` : ''}`);
}
