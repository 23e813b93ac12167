import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { BenchError } from './bench-error.ts';

/** A process that answers each line of JSON with one. */
export class LineProcess {
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.#name = name;
    this.#child = spawn(command, args, { env });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk).slice(-4000);
    });
    this.#child.on('error', (error) => {
      this.#errors += error.message;
    });
    // Its end is seen when no answer comes.
    this.#child.stdin.on('error', () => undefined);
  }

  /** @throws BenchError where it ends instead. */
  async answer<Answer>(request?: object): Promise<Answer> {
    if (request !== undefined) this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { done, value } = await this.#lines.next();
    if (!done) return JSON.parse(value) as Answer;
    const reason = this.#errors.trim().split('\n').at(-1) || 'nothing';
    throw new BenchError(`${this.#name}: expected an answer, got its end: ${reason}`);
  }

  async stop(): Promise<void> {
    const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
    if (hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
