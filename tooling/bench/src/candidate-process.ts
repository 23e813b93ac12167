import type { Answer, Question } from './messages.ts';

/** A process that has become, or is about to become, a candidate. */
export interface CandidateProcess {
  /** One question at a time. @throws ContestantError where it ends instead of answering. */
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}
