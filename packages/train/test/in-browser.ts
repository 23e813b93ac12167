import { setTimeout } from 'node:timers/promises';
import { bundleScript, openScriptedPage } from '@residual/testing/scripted-page';

interface Page {
  readonly bundled: Readonly<Record<string, (argument: unknown) => Promise<unknown>>>;
  outcome?: { readonly result?: unknown; readonly error?: string };
}

/** Calls an export of `page.mjs` in a browser with WebGPU; the argument and the result go over as JSON. */
export async function inBrowser<Result>(name: string, argument?: unknown): Promise<Result> {
  const code = await bundleScript(import.meta.dirname, "export * from './page.mjs';");
  const { page, close } = await openScriptedPage(code, { webgpu: true });
  try {
    // The browser's protocol has no patience for a promise of minutes.
    await page.evaluate(
      (name, argument) => {
        const page = globalThis as never as Page;
        page.bundled[name]!(argument).then(
          (result) => {
            page.outcome = { result };
          },
          (error) => {
            page.outcome = { error: String(error) };
          },
        );
      },
      name,
      argument,
    );
    for (;;) {
      const outcome = await page.evaluate(() => (globalThis as never as Page).outcome);
      if (outcome?.error !== undefined) throw new Error(outcome.error);
      if (outcome !== undefined) return outcome.result as Result;
      await setTimeout(300);
    }
  } finally {
    await close();
  }
}
