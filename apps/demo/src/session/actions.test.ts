import { beforeEach, expect, test, vi } from 'vitest';
import { type Actions, createActions } from './actions.ts';
import { RequestError, type Session } from './session.ts';
import { initialState, type PageState } from './state.ts';
import { createStore, type Store } from './store.ts';
import type { RequestName } from './worker/protocol.ts';

interface Request {
  readonly name: RequestName;
  readonly argument: unknown;
  resolve(result: unknown): void;
  reject(message: string): void;
}

/** A worker that answers when it is told to, and what it is asked for meanwhile. */
class FakeWorker implements Session {
  readonly asked: Request[] = [];
  #reject: (() => void)[] = [];

  ask(name: RequestName, argument: unknown): Promise<never> {
    return new Promise((resolve, fail) => {
      const reject = (message: string) => fail(new RequestError({ message }));
      this.asked.push({ name, argument, resolve: resolve as (result: unknown) => void, reject });
      this.#reject.push(() => reject('Ended.'));
    });
  }

  end(): void {
    for (const reject of this.#reject) reject();
  }

  /** Waits for a request that is not answered yet, and takes it. */
  async next(name: RequestName): Promise<Request> {
    return vi.waitFor(() => {
      const at = this.asked.findIndex((request) => request.name === name);
      if (at < 0) throw new Error(`no ${name}, got ${this.asked.map((request) => request.name)}`);
      return this.asked.splice(at, 1)[0]!;
    });
  }

  /** Classifies the next batch; gives the names of its files. */
  async batch(label: string): Promise<string[]> {
    const { argument, resolve } = await this.next('classifyBatch');
    const files = argument as readonly File[];
    resolve(files.map(() => ({ prediction: { index: 0, label, score: 1 }, ms: 1 })));
    return files.map(({ name }) => name);
  }

  async load(model: string): Promise<void> {
    (await this.next('load')).resolve({ model });
  }

  /** Decodes and classifies the picture that is shown. */
  async show(): Promise<void> {
    (await this.next('decode')).resolve({ width: 1, height: 1, orientation: 1 });
    (await this.next('classify')).resolve({ predictions: [], isFirstRun: false });
  }
}

const workers: FakeWorker[] = [];
let store: Store<PageState>;
let actions: Actions;

beforeEach(() => {
  workers.length = 0;
  store = createStore<PageState>(initialState);
  actions = createActions(store, () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  });
});

/** The page with the network `first`. */
async function started(): Promise<FakeWorker> {
  const starting = actions.start();
  const [worker] = workers as [FakeWorker];
  (await worker.next('start')).resolve({ engine: 'wasm' });
  await worker.load('first');
  await starting;
  return worker;
}

function pictures(count: number, of = 'a'): File[] {
  return Array.from({ length: count }, (_, index) => new File([''], `${of}${index}`));
}

function labels(): (string | undefined)[] {
  return (store.state.list.value ?? []).map(({ answer }) =>
    answer && 'prediction' in answer ? answer.prediction.label : undefined,
  );
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('a list is asked for in parts of eight, and each is shown when it comes', async () => {
  const worker = await started();
  const opening = actions.openPictures(pictures(18));
  await worker.show();
  expect(await worker.batch('x')).toHaveLength(8);
  await vi.waitFor(() => expect(labels().filter(Boolean)).toHaveLength(8));
  expect(store.state.list.busy).toMatchObject({ step: 'run', subject: 'first', fraction: 8 / 18 });
  expect(await worker.batch('x')).toHaveLength(8);
  expect(await worker.batch('x')).toEqual(['a16', 'a17']);
  await opening;
  expect(labels()).toEqual(new Array(18).fill('x'));
  expect(store.state.list.busy).toBeUndefined();
  expect(worker.asked).toEqual([]);
});

test('of a list that is replaced no more is asked for', async () => {
  const worker = await started();
  const first = actions.openPictures(pictures(40));
  await worker.show();
  const late = await worker.next('classifyBatch');
  const second = actions.openPictures(pictures(2, 'b'));
  await worker.show();
  late.resolve(new Array(8).fill({ prediction: { index: 0, label: 'late', score: 1 }, ms: 1 }));
  expect(await worker.batch('x')).toEqual(['b0', 'b1']);
  await Promise.all([first, second]);
  expect(labels()).toEqual(['x', 'x']);
  expect(worker.asked).toEqual([]);
});

test('another network answers for the whole list; where it does not come, the one before goes on', async () => {
  const worker = await started();
  void actions.openPictures(pictures(18));
  await worker.show();
  await worker.batch('first');
  const late = await worker.next('classifyBatch');
  const failing = actions.openWeights({ kind: 'address', address: 'https://nowhere' });
  late.resolve(new Array(8).fill({ prediction: { index: 0, label: 'first', score: 1 }, ms: 1 }));
  await settled();
  expect(worker.asked.map(({ name }) => name)).toEqual(['load']);
  (await worker.next('load')).reject('lost');
  expect(await worker.batch('first')).toEqual(['a16', 'a17']);
  await failing;
  expect(labels()).toEqual(new Array(18).fill('first'));

  const loading = actions.chooseModel('second');
  await worker.load('second');
  (await worker.next('classify')).resolve({ predictions: [], isFirstRun: true });
  expect(await worker.batch('second')).toHaveLength(8);
  expect(labels().filter((label) => label === 'first')).toEqual([]);
  await worker.batch('second');
  await worker.batch('second');
  await loading;
  expect(labels()).toEqual(new Array(18).fill('second'));
});

test('weights and pictures that come together are computed once', async () => {
  const worker = await started();
  const loading = actions.openWeights({ kind: 'file', file: new File([''], 'weights.pth') });
  const opening = actions.openPictures(pictures(3));
  await worker.load('second');
  await worker.show();
  await worker.batch('second');
  await Promise.all([loading, opening]);
  await settled();
  expect(labels()).toEqual(['second', 'second', 'second']);
  expect(worker.asked).toEqual([]);
});

test('another engine has the list without the answers of the one before, and no progress where it fails', async () => {
  const worker = await started();
  void actions.openPictures(pictures(10));
  await worker.show();
  await worker.batch('x');
  await worker.next('classifyBatch');
  const starting = actions.start('webgpu');
  expect(store.state.list.busy).toBeUndefined();
  expect(labels()).toEqual(new Array(10).fill(undefined));
  (await workers[1]!.next('start')).reject('no adapter');
  await starting;
  expect(store.state.device.problem).toEqual({ message: 'no adapter' });
  expect(store.state.list.busy).toBeUndefined();
  expect(labels()).toEqual(new Array(10).fill(undefined));
});

test('a single picture is no list, and its address is made once', async () => {
  const worker = await started();
  const made = vi.spyOn(URL, 'createObjectURL');
  const opening = actions.openPictures(pictures(1));
  await worker.show();
  await opening;
  expect(store.state.list.value).toEqual([]);
  expect(made).toHaveBeenCalledTimes(1);
  made.mockRestore();
});
