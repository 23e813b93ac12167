/** What the shell is told; 130 is the shells' own for Ctrl-C. */
export const exitCode = {
  success: 0,
  /** The command ran, and a part of the work failed. */
  failure: 1,
  /** It could not do what it was asked for: wrong arguments or unusable files. */
  badInput: 2,
  interrupted: 130,
} as const;
