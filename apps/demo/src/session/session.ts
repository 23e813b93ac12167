import type { Problem, Progress, ReplyMessage, RequestMessage, RequestName, Requests } from './worker/protocol.ts';

/** What was asked for went wrong, or the worker ended before it answered. */
export class RequestError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.name = 'RequestError';
    this.problem = problem;
  }
}

export interface AskOptions {
  readonly report?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  /** What of the argument goes over to the worker. */
  readonly transfer?: Transferable[];
}

/** A worker with a device, a model and a picture of its own. */
export interface Session {
  /** @throws RequestError */
  ask<Name extends RequestName>(
    name: Name,
    argument: Requests[Name]['argument'],
    options?: AskOptions,
  ): Promise<Requests[Name]['result']>;
  /** Ends the worker at once, whatever it does; what was asked for is rejected. */
  end(): void;
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: RequestError) => void;
  readonly report: ((progress: Progress) => void) | undefined;
}

export function startSession(): Session {
  const worker = new Worker(new URL('./worker/session-worker.ts', import.meta.url), { type: 'module' });
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let ended: Problem | undefined;

  const endWith = (problem: Problem) => {
    ended = problem;
    worker.terminate();
    for (const { reject } of pending.values()) reject(new RequestError(problem));
    pending.clear();
  };

  worker.addEventListener('message', ({ data }: MessageEvent<ReplyMessage>) => {
    const request = pending.get(data.id);
    if (!request) return;
    if ('progress' in data) return request.report?.(data.progress);
    pending.delete(data.id);
    if ('problem' in data) request.reject(new RequestError(data.problem));
    else request.resolve(data.result as never);
  });
  worker.addEventListener('error', ({ message }) => {
    endWith({ message: `The computation stopped: ${message || 'its code could not be loaded'}.`, endedWorker: true });
  });

  return {
    ask: (name, argument, { report, signal, transfer = [] } = {}) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new RequestError(ended));
        lastId += 1;
        const id = lastId;
        const send = (message: RequestMessage, over: Transferable[] = []): void => worker.postMessage(message, over);
        pending.set(id, { resolve, reject, report });
        signal?.addEventListener('abort', () => pending.has(id) && send({ id, isCancelled: true }));
        send({ id, name, argument }, transfer);
      }),
    end: () => endWith({ message: 'Ended.' }),
  };
}
