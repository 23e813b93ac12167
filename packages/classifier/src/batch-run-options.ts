import type { RunOptions } from '@residual/compile';

export interface BatchRunOptions extends RunOptions {
  /**
   * What is left over of a batch goes through the network in halves of one (4, 2 and 1 of 8), not one by one. Of each size an
   * engine compiles an executable when it is first wanted, which costs memory unless executables share their weights, as
   * `native`'s do. Default false.
   */
  readonly halves?: boolean;
}
