import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import { MutantRunStatus } from '@stryker-mutator/api/test-runner';
import { KeptThread, KeptWorker } from './kept-thread.mjs';

// The package exports its plugin alone.
const folder = dirname(fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner')));
const { VitestTestRunner } = await import(resolve(folder, 'vitest-test-runner.js'));

/** Runs in one thread are so many at most: what tests leave behind adds up. */
const RUNS = 200;

/**
 * Stryker's runner, in a thread that stays from one mutant to the next. What an earlier mutant has left there must not decide:
 *
 * - a mutant is killed there only if the test that failed passes without it, in the same thread;
 * - one that survives there, or runs out of time, is tried again in a thread of its own;
 * - one outside of any function always has its own, as modules are loaded once.
 */
class KeptRunner extends VitestTestRunner {
  static inject = VitestTestRunner.inject;
  #kept = new KeptThread();
  #runs = 0;

  async init() {
    await super.init();
    const poolRunner = { name: 'kept-thread', createPoolWorker: (options) => new KeptWorker(options, this.#kept) };
    for (const { config } of this.ctx.projects) Object.assign(config, { pool: poolRunner.name, poolRunner });
  }

  async dryRun(options) {
    const result = await super.dryRun(options);
    await this.#kept.drop();
    return result;
  }

  async mutantRun(options) {
    if (options.mutantActivation === 'static' || !this.#kept.isRunning || this.#runs >= RUNS)
      return this.#runAlone(options);
    this.#runs++;
    const result = await super.mutantRun(options);
    if (result.status === MutantRunStatus.Killed) {
      const activeMutant = { ...options.activeMutant, id: 'none' };
      const without = await super.mutantRun({ ...options, activeMutant, testFilter: result.killedBy });
      if (without.status === MutantRunStatus.Survived) return result;
    }
    return this.#runAlone(options);
  }

  /** In a thread that has run nothing. */
  async #runAlone(options) {
    await this.#kept.drop();
    this.#runs = 0;
    const result = await super.mutantRun(options);
    if (options.mutantActivation === 'static') await this.#kept.drop();
    return result;
  }

  async dispose() {
    await this.#kept.drop();
    await super.dispose();
  }
}

const make = (injector) =>
  injector.provideValue('globalNamespace', INSTRUMENTER_CONSTANTS.NAMESPACE).injectClass(KeptRunner);
make.inject = tokens(commonTokens.injector);
export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'kept-vitest', make)];
