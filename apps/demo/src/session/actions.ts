import { type AskOptions, RequestError, type Session } from './session.ts';
import { emptySlot, type ListedPicture, type PageState, type Slot } from './state.ts';
import type { Store } from './store.ts';
import {
  BATCH_SIZE,
  type EngineName,
  type Problem,
  type Progress,
  type RequestName,
  type Requests,
  type WeightsChoice,
} from './worker/protocol.ts';

type SlotName = 'device' | 'model' | 'picture' | 'answer' | 'list';
type SlotValue<Name extends SlotName> = NonNullable<PageState[Name]['value']>;

const usualEngines: readonly EngineName[] = ['webgpu', 'wasm'];

/** What a person can do on the page. */
export interface Actions {
  /** Computes on `engine`, or on the first that can run. */
  start(engine?: EngineName): Promise<void>;
  /** Starts once more on the engine that was chosen. */
  restart(): Promise<void>;
  chooseModel(model: string | undefined): Promise<void>;
  openWeights(weights: WeightsChoice): Promise<void>;
  /** Ends what is being loaded; the model before stays. */
  cancelLoading(): void;
  /** Shows the first, and of several a list. */
  openPictures(files: readonly File[]): Promise<void>;
  /** Shows one of the list. */
  showListed(file: File): Promise<void>;
  /** Opens a picture of the page's own; `asFirst` gives way to a picture that a person has chosen. @throws Error without it */
  openSample(sample: { readonly file: string; readonly url: URL }, how?: { readonly asFirst: boolean }): Promise<void>;
  classify(): Promise<void>;
  /** Asks the worker that serves now. @throws RequestError */
  ask<Name extends RequestName>(
    name: Name,
    argument: Requests[Name]['argument'],
    options?: AskOptions,
  ): Promise<Requests[Name]['result']>;
}

export function createActions(store: Store<PageState>, startSession: () => Session): Actions {
  let session: Session | undefined;
  let pictureFile: File | undefined;
  let loading: AbortController | undefined;
  const turns: Record<SlotName, number> = { device: 0, model: 0, picture: 0, answer: 0, list: 0 };

  function change<Name extends SlotName>(name: Name, slot: Partial<Slot<SlotValue<Name>>>): void {
    store.update({ [name]: { ...store.state[name], ...slot } });
  }

  /**
   * Fills a slot by `work`, showing its progress and what goes wrong; gives whether it went well. A value that comes
   * late is taken all the same, as the worker has it then; what is shown of progress and problems is the last turn's.
   */
  async function fill<Name extends SlotName>(
    name: Name,
    progress: Progress,
    work: (session: Session, report: (progress: Progress) => void) => Promise<SlotValue<Name>>,
  ): Promise<boolean> {
    if (!session) return false;
    const asked = session;
    turns[name] += 1;
    const turn = turns[name];
    const isLast = () => asked === session && turn === turns[name];
    change(name, { busy: progress, problem: undefined });
    try {
      const value = await work(asked, (busy) => isLast() && change(name, { busy }));
      if (asked === session) change(name, { value });
      if (isLast()) change(name, { busy: undefined });
      return isLast();
    } catch (error) {
      const problem = problemOf(error);
      if (isLast()) change(name, { busy: undefined, problem: problem.isCancelled ? undefined : problem });
      return false;
    }
  }

  async function load(): Promise<void> {
    const { weights, chosenModel: model } = store.state;
    loading?.abort();
    const canceller = new AbortController();
    loading = canceller;
    const before = store.state.model.value;
    // What is asked for after this would be the new network's.
    pauseList();
    const subject = weights.kind === 'file' ? { subject: weights.file.name } : {};
    await fill('model', { step: 'read', ...subject }, (asked, report) =>
      asked.ask('load', { weights, model }, { report, signal: canceller.signal }),
    );
    if (store.state.model.value !== before) {
      change('answer', emptySlot);
      change('list', { value: store.state.list.value?.map(unanswered) });
      await actions.classify();
    }
    await classifyList();
  }

  /** The listed pictures that have no answer, a batch at a time, until the list or the network is another. */
  async function classifyList(): Promise<void> {
    const { model, list } = store.state;
    if (!model.value || model.busy || list.busy) return;
    const subject = model.value.model;
    for (;;) {
      const { value: listed = [] } = store.state.list;
      const waiting = listed.filter(({ answer }) => answer === undefined).map(({ file }) => file);
      if (waiting.length === 0) return;
      const fraction = 1 - waiting.length / listed.length;
      const isAnswered = await fill('list', { step: 'run', subject, fraction }, async (asked) => {
        const files = waiting.slice(0, BATCH_SIZE);
        const answers = await asked.ask('classifyBatch', files);
        const answerOf = new Map(files.map((file, index) => [file, answers[index]]));
        // Others may have been opened meanwhile.
        const { value: current = [] } = store.state.list;
        return current.map((picture) => ({ ...picture, answer: answerOf.get(picture.file) ?? picture.answer }));
      });
      if (!isAnswered) return;
    }
  }

  /** Has the batch under way be the last; its answers are taken. */
  function pauseList(): void {
    turns.list += 1;
    change('list', { busy: undefined });
  }

  /** Several pictures are listed, a single one is not. */
  function replaceList(files: readonly File[]): void {
    for (const { url } of store.state.list.value ?? []) URL.revokeObjectURL(url);
    turns.list += 1;
    const listed = files.length > 1 ? files : [];
    const value = listed.map((file) => ({ file, url: URL.createObjectURL(file), answer: undefined }));
    store.update({ list: { ...emptySlot, value } });
  }

  async function decode(file: File): Promise<void> {
    const before = store.state.picture.value;
    const decoded = await fill('picture', { step: 'decode', subject: file.name }, async (asked, report) => {
      const size = await asked.ask('decode', file, { report });
      return { ...size, file, name: file.name, url: URL.createObjectURL(file) };
    });
    if (!decoded && store.state.picture.problem) change('picture', { value: undefined });
    if (store.state.picture.value === before) return;
    if (before) URL.revokeObjectURL(before.url);
    change('answer', emptySlot);
    if (decoded) await actions.classify();
  }

  const actions: Actions = {
    /** On a worker of its own, so that the one before it, whatever it does, is gone; its files are opened again. */
    async start(engine) {
      session?.end();
      session = startSession();
      const picture = pictureFile;
      const list = { ...emptySlot, value: store.state.list.value?.map(unanswered) };
      store.update({ chosenEngine: engine, device: emptySlot, answer: emptySlot, model: emptySlot, list });
      const engines = engine === undefined ? usualEngines : [engine];
      const started = await fill('device', { step: 'start' }, (asked, report) =>
        asked.ask('start', engines, { report }),
      );
      if (!started) return;
      await Promise.all([load(), picture && picture === pictureFile && decode(picture)]);
    },

    restart: () => actions.start(store.state.chosenEngine),

    async chooseModel(model) {
      store.update({ chosenModel: model });
      await load();
    },

    async openWeights(weights) {
      store.update({ weights });
      await load();
    },

    cancelLoading: () => loading?.abort(),

    async openPictures(files) {
      replaceList(files);
      await actions.showListed(files[0]!);
      await classifyList();
    },

    async showListed(file) {
      pictureFile = file;
      await decode(file);
    },

    async openSample({ file, url }, { asFirst } = { asFirst: false }) {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${file}: expected a picture, got HTTP ${response.status}; try again`);
      const picture = new File([await response.blob()], file);
      if (!asFirst || !pictureFile) await actions.openPictures([picture]);
    },

    async classify() {
      const { model, picture } = store.state;
      if (!model.value || !picture.value || model.busy || picture.busy) return;
      await fill('answer', { step: 'run', subject: model.value.model }, (asked, report) =>
        asked.ask('classify', undefined, { report }),
      );
    },

    ask(name, argument, options) {
      if (session) return session.ask(name, argument, options);
      return Promise.reject(new RequestError({ message: 'The page has not started yet.' }));
    },
  };
  return actions;
}

function unanswered(picture: ListedPicture): ListedPicture {
  return { ...picture, answer: undefined };
}

/** What went wrong, as the page shows it. */
export function problemOf(error: unknown): Problem {
  return error instanceof RequestError ? error.problem : { message: String(error) };
}
