import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request that is sent again and again. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What came of requests. */
export interface LoadResult {
  /** Those answered by 200, a second. */
  readonly perSecond: number;
  /** By status; `failed` are those without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the answers by 200. */
  readonly latenciesMs: readonly number[];
}

/** So many clients, each with its next request as soon as it has its answer. */
export async function closedLoop(target: Target, clients: number, seconds: number): Promise<LoadResult> {
  const run = new Run(target, clients);
  const endMs = performance.now() + 1000 * seconds;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < endMs) await run.ask();
    }),
  );
  return run.end();
}

/** Requests at their times, whether or not others have been answered. */
export async function openLoop(target: Target, perSecond: number, seconds: number): Promise<LoadResult> {
  const run = new Run(target, 2000);
  const beganMs = performance.now();
  const asked: Promise<void>[] = [];
  for (let count = 0; count < perSecond * seconds; count++) {
    const leftMs = beganMs + (1000 * count) / perSecond - performance.now();
    if (leftMs > 1) await sleep(leftMs);
    asked.push(run.ask());
  }
  await Promise.all(asked);
  return run.end();
}

class Run {
  readonly #target: Target;
  readonly #agent: Agent;
  readonly #statuses: Record<string, number> = {};
  readonly #latenciesMs: number[] = [];
  readonly #beganMs = performance.now();

  constructor(target: Target, maxSockets: number) {
    this.#target = target;
    this.#agent = new Agent({ keepAlive: true, maxSockets });
  }

  ask(): Promise<void> {
    const { url, headers, body } = this.#target;
    const sentMs = performance.now();
    return new Promise((done) => {
      const finish = (status: string): void => {
        this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
        if (status === '200') this.#latenciesMs.push(performance.now() - sentMs);
        done();
      };
      const sent = request(url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        response.resume().on('end', () => finish(String(response.statusCode)));
        response.on('error', () => finish('failed'));
      });
      sent.on('error', () => finish('failed'));
      sent.end(body);
    });
  }

  end(): LoadResult {
    this.#agent.destroy();
    const seconds = (performance.now() - this.#beganMs) / 1000;
    return {
      perSecond: this.#latenciesMs.length / seconds,
      statuses: this.#statuses,
      latenciesMs: this.#latenciesMs,
    };
  }
}
