import { fileURLToPath } from 'node:url';
import { BenchError } from './bench-error.ts';
import type { CandidateProcess } from './candidate-process.ts';
import { ContestantError } from './contestant-error.ts';
import { LineProcess } from './line-process.ts';
import type { Answer, Question } from './messages.ts';
import { pythonEnvironment } from './python-environment.ts';

/** A candidate in Python, by `infer.py`. */
export class PythonProcess implements CandidateProcess {
  readonly #lines: LineProcess;

  constructor(python: string) {
    const script = fileURLToPath(new URL('../python/infer.py', import.meta.url));
    this.#lines = new LineProcess(python, python, [script], pythonEnvironment());
  }

  async ask(question: Question): Promise<Answer> {
    try {
      const answer = await this.#lines.answer<Answer>(question);
      return answer.kind === 'loaded' ? { ...answer, logits: Float32Array.from(answer.logits) } : answer;
    } catch (error) {
      if (!BenchError.isInstance(error)) throw error;
      throw new ContestantError(`${error.message}; --python names another Python`);
    }
  }

  async stop(): Promise<void> {
    await this.#lines.stop();
  }
}
