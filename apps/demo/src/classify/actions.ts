import { RequestError, type Session } from './session.ts';
import { emptySlot, type PageState, type Slot } from './state.ts';
import type { Store } from './store.ts';
import type { DeviceName, Progress } from './worker/protocol.ts';

type SlotName = 'device' | 'model' | 'picture' | 'answer';
type SlotValue<Name extends SlotName> = NonNullable<PageState[Name]['value']>;

const everyDevice: readonly DeviceName[] = ['tfjs-webgpu', 'tfjs-wasm'];

/** What a person can do on the page. */
export interface Actions {
  /** Computes on `device`, or on the first that can run. */
  start(device?: DeviceName): Promise<void>;
  /** Starts once more on the device that was chosen. */
  restart(): Promise<void>;
  chooseModel(model: string | undefined): Promise<void>;
  openWeights(file: File): Promise<void>;
  openPicture(file: File): Promise<void>;
  classify(): Promise<void>;
}

export function createActions(store: Store<PageState>, startSession: () => Session): Actions {
  let session: Session | undefined;
  let weightsFile: File | undefined;
  let pictureFile: File | undefined;
  const turns: Record<SlotName, number> = { device: 0, model: 0, picture: 0, answer: 0 };

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
      const problem = error instanceof RequestError ? error.problem : { message: String(error) };
      if (isLast()) change(name, { busy: undefined, problem });
      return false;
    }
  }

  async function load(file: File): Promise<void> {
    const model = store.state.chosenModel;
    const loaded = await fill('model', { step: 'read', subject: file.name }, (asked, report) =>
      asked.ask('load', { file, model }, report),
    );
    if (!loaded) return;
    change('answer', emptySlot);
    await actions.classify();
  }

  async function decode(file: File): Promise<void> {
    const before = store.state.picture.value;
    const decoded = await fill('picture', { step: 'decode', subject: file.name }, async (asked, report) => {
      const size = await asked.ask('decode', file, report);
      return { ...size, name: file.name, url: URL.createObjectURL(file) };
    });
    if (!decoded && store.state.picture.problem) change('picture', { value: undefined });
    if (store.state.picture.value === before) return;
    if (before) URL.revokeObjectURL(before.url);
    change('answer', emptySlot);
    if (decoded) await actions.classify();
  }

  const actions: Actions = {
    /** On a worker of its own, so that the one before it, whatever it does, is gone; its files are opened again. */
    async start(device) {
      session?.end();
      session = startSession();
      const [weights, picture] = [weightsFile, pictureFile];
      store.update({ chosenDevice: device, device: emptySlot, answer: emptySlot, model: emptySlot });
      const devices = device === undefined ? everyDevice : [device];
      const started = await fill('device', { step: 'start' }, (asked, report) => asked.ask('start', devices, report));
      if (!started) return;
      await Promise.all([
        weights && weights === weightsFile && load(weights),
        picture && picture === pictureFile && decode(picture),
      ]);
    },

    restart: () => actions.start(store.state.chosenDevice),

    async chooseModel(model) {
      store.update({ chosenModel: model });
      if (weightsFile) await load(weightsFile);
    },

    async openWeights(file) {
      weightsFile = file;
      await load(file);
    },

    async openPicture(file) {
      pictureFile = file;
      await decode(file);
    },

    async classify() {
      const { model, picture } = store.state;
      if (!model.value || !picture.value || model.busy || picture.busy) return;
      await fill('answer', { step: 'run', subject: model.value.model }, (asked, report) =>
        asked.ask('classify', undefined, report),
      );
    },
  };
  return actions;
}
