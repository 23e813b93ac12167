import { ThreadsPoolWorker } from 'vitest/node';

const answer = (type) => ({ type, __vitest_worker_response__: true });

/**
 * A thread that stays when a run of tests ends, so that the next one finds tfjs and the sources loaded. vitest imports the test
 * files again by itself where files are not isolated.
 */
export class KeptThread {
  /** Whether the next run loads the sources again; tfjs and other packages stay loaded. */
  reloads = false;
  #thread;

  get isRunning() {
    return this.#thread !== undefined;
  }

  /** The thread, started by vitest's message if there is none. */
  async get(options, startMessage) {
    if (this.#thread === undefined) {
      const thread = new ThreadsPoolWorker(options);
      await thread.start();
      await new Promise((resolve, reject) => {
        const settle = (error) => {
          for (const [event, callback] of listeners) thread.off(event, callback);
          if (error) void thread.stop().finally(() => reject(error));
          else resolve();
        };
        const listeners = [
          ['message', (message) => message?.type === 'started' && settle(message.error)],
          ['error', settle],
          ['exit', () => settle(new Error('a thread for tests ended as it began'))],
        ];
        for (const [event, callback] of listeners) thread.on(event, callback);
        thread.send(startMessage);
      });
      this.#thread = thread;
    }
    return this.#thread;
  }

  /** Ends it: the next run gets a new one. */
  async drop() {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.stop();
  }
}

/** What vitest takes for the worker of one run. */
export class KeptWorker {
  name = 'kept-thread';
  #options;
  #kept;
  #thread;
  #startMessage;
  #listeners = [];

  constructor(options, kept) {
    this.#options = options;
    this.#kept = kept;
  }

  on(event, callback) {
    this.#listeners.push([event, callback]);
    this.#thread?.on(event, callback);
  }

  off(event, callback) {
    this.#listeners = this.#listeners.filter(([name, other]) => name !== event || other !== callback);
    this.#thread?.off(event, callback);
  }

  async start() {}

  send(message) {
    if (message.__vitest_worker_request__ !== true) this.#thread.send(message);
    else if (message.type === 'start') {
      this.#startMessage = message;
      this.#emit('message', answer('started'));
    } else if (message.type === 'stop') this.#emit('message', answer('stopped'));
    else this.#run(message).catch((error) => this.#emit('error', error));
  }

  async #run(message) {
    this.#thread = await this.#kept.get(this.#options, this.#startMessage);
    for (const [event, callback] of this.#listeners) this.#thread.on(event, callback);
    // Which tests run is part of the configuration, which a thread is otherwise given at its start alone.
    const { config } = this.#startMessage.context;
    const invalidates = this.#kept.reloads ? sourcesOf(this.#options.project) : [];
    this.#thread.send({ ...message, context: { ...message.context, config, invalidates } });
  }

  #emit(event, value) {
    for (const [name, callback] of this.#listeners) if (name === event) queueMicrotask(() => callback(value));
  }

  async stop() {
    for (const [event, callback] of this.#listeners) this.#thread?.off(event, callback);
  }

  deserialize(data) {
    return data;
  }
}

/** The files that vitest has read for the tests of a project, other people's packages aside. */
function sourcesOf({ vite }) {
  const files = Object.values(vite.environments).flatMap(({ moduleGraph }) => [...moduleGraph.fileToModulesMap.keys()]);
  return files.filter((file) => !file.includes('/node_modules/'));
}
