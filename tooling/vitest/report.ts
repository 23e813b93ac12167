import type { SerializedError } from 'vitest';
import { JsonReporter, type TestModule } from 'vitest/node';

/**
 * vitest's JSON report with `unhandledErrors`: what was thrown outside of any test, or ended a worker, fails a run, and
 * stands in no report of vitest's own.
 */
export class Report extends JsonReporter {
  #unhandledErrors: string[] = [];

  override onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[] = []): Promise<void> {
    this.#unhandledErrors = errors.map(({ name, message, cause }) =>
      [name, message, cause?.message].filter((part) => part !== undefined).join(': '),
    );
    return super.onTestRunEnd(modules);
  }

  override writeReport(report: string): Promise<void> {
    return super.writeReport(JSON.stringify({ ...JSON.parse(report), unhandledErrors: this.#unhandledErrors }));
  }
}
