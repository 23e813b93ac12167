import type { DecodeError } from '@residual/vision';
import { withFlagNames } from './decode-flags.ts';

/** A decoder's error, which names what it was given and its own options, in one line in the command's terms. */
export function decodeProblem(file: string, { source, message }: DecodeError): string {
  const problem = message.startsWith(`${source}: `) ? message.slice(source.length + 2) : message;
  return `${file}: ${withFlagNames(problem)}`;
}
