import type { CandidateProcess } from './candidate-process.ts';
import { ContestantError } from './contestant-error.ts';
import type { Candidate, Job } from './job.ts';
import type { Answer, Loaded, Question, Ran, Refused } from './messages.ts';

/** A candidate in a process of its own, which lives until `stop`. */
export class Contestant {
  readonly candidate: Candidate;
  readonly loaded: Loaded;
  /** Of each timed run so far, for the whole batch. */
  readonly samplesMs: number[] = [];
  peakMB = 0;
  readonly #process: CandidateProcess;

  private constructor(candidate: Candidate, loaded: Loaded, process: CandidateProcess) {
    this.candidate = candidate;
    this.loaded = loaded;
    this.#process = process;
  }

  /** @param process Taken over: it is stopped with the contestant. @throws ContestantError where it cannot run here. */
  static async start(job: Job, process: CandidateProcess): Promise<Contestant> {
    try {
      return new Contestant(job, (await ask(process, { kind: 'load', job })) as Loaded, process);
    } catch (error) {
      await process.stop();
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
      return (await ask(this.#process, { kind: 'run', runs })) as Ran;
    } catch (error) {
      throw ContestantError.isInstance(error)
        ? new ContestantError(`${this.candidate.engine}: ${error.message}`)
        : error;
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

async function ask(process: CandidateProcess, question: Question): Promise<Exclude<Answer, Refused>> {
  const reply = await process.ask(question);
  if (reply.kind === 'refused') throw new ContestantError(reply.reason);
  return reply;
}
