import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import { DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';
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
 * - one that survives there, or passes a place too often, is tried again in a new thread;
 * - for one outside of any function, the sources are loaded again, and once more after it.
 */
class KeptRunner extends VitestTestRunner {
  static inject = VitestTestRunner.inject;
  #kept = new KeptThread();
  #runs = 0;
  #hasLoadedMutant = false;

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
    // What is named after the mutated file is likely to find the mutant: see vitest.config.ts.
    globalThis.mutatedFile = options.sandboxFileName;
    if (!this.#kept.isRunning || this.#runs >= RUNS) return this.#runAlone(options);
    this.#runs++;
    const result = await this.#runKept(options);
    if (result.status === MutantRunStatus.Killed) {
      const activeMutant = { ...options.activeMutant, id: 'none' };
      const without = await this.#runKept({ ...options, activeMutant, testFilter: result.killedBy });
      if (without.status === MutantRunStatus.Survived) return result;
    }
    return this.#runAlone(options);
  }

  #runKept(options) {
    const loadsMutant = options.mutantActivation === 'static' && options.activeMutant.id !== 'none';
    this.#kept.reloads = loadsMutant || this.#hasLoadedMutant;
    this.#hasLoadedMutant = loadsMutant;
    return super.mutantRun(options);
  }

  /** In a thread that has run nothing. */
  async #runAlone(options) {
    await this.#kept.drop();
    this.#runs = 0;
    this.#hasLoadedMutant = false;
    return this.#runKept(options);
  }

  /** A file that can't be loaded has no tests, of which none can fail: Stryker's runner would take it for passed. */
  async run(options) {
    const result = await super.run(options);
    if (result.status !== DryRunStatus.Complete) return result;
    const unloaded = this.ctx.state
      .getFiles()
      .filter((file) => file.result?.state === 'fail' && file.tasks.length === 0);
    const failures = unloaded.map((file) => ({
      id: `${relative(process.cwd(), file.filepath)}#`,
      name: file.name,
      timeSpentMs: 0,
      status: TestStatus.Failed,
      failureMessage: file.result.errors?.[0]?.message ?? 'the file could not be loaded',
    }));
    return { ...result, tests: [...result.tests, ...failures] };
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
