import { Worker } from 'node:worker_threads';
import { EngineError } from '@residual/compile';
import { prepareTensorFlow, type TensorFlowOptions } from './prepare-tensorflow.ts';
import type { ReplyMessage, RequestKind, RequestMessage, SessionRequests } from './session-protocol.ts';

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

let shared: SessionClient | undefined;

/**
 * Asks the one thread of this process that TensorFlow's sessions run on. Sessions share it as they share the cores; it
 * stays when they are freed, as a device does, and doesn't keep the process alive.
 */
export class SessionClient {
  readonly #worker: Worker;
  readonly #waiting: Map<number, Waiting> = new Map();
  #nextId = 0;

  /** @throws TfjsNodeError where TensorFlow is not there. */
  static shared(options: TensorFlowOptions): SessionClient {
    const addon = prepareTensorFlow(options);
    shared ??= new SessionClient(addon);
    return shared;
  }

  private constructor(addon: string) {
    this.#worker = new Worker(threadFile(), { workerData: { addon }, execArgv: [] });
    this.#worker.on('message', (message: ReplyMessage) => this.#settle(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`its thread ended with code ${code}`)));
    this.#worker.unref();
  }

  /** Asks for something; the buffers in `transfer` go over. */
  ask<Kind extends RequestKind>(
    kind: Kind,
    request: SessionRequests[Kind]['request'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<SessionRequests[Kind]['result']> {
    const id = this.#nextId++;
    const message: RequestMessage<Kind> = { id, kind, request };
    if (this.#waiting.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(message, transfer);
    });
  }

  #settle(message: ReplyMessage): void {
    const { resolve, reject } = this.#waiting.get(message.id)!;
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('error' in message) reject(unavailable(message.error));
    else resolve(message.result as never);
  }

  #fail(error: Error): void {
    if (shared === this) shared = undefined;
    for (const { reject } of this.#waiting.values()) reject(unavailable(error.message, error));
    this.#waiting.clear();
  }
}

function unavailable(message: string, cause?: Error): EngineError {
  const line = message.replace(/\s*\n\s*/g, ' ');
  const options = cause === undefined ? undefined : { cause };
  return new EngineError('UNAVAILABLE', 'tensorflow', `tensorflow: ${line}; take another engine`, options);
}

/** A thread needs JavaScript: from sources it is the built one. */
function threadFile(): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? '../../dist/tensorflow/session-thread.js' : './session-thread.js', import.meta.url);
}
