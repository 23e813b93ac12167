import type {
  Answer,
  DecodedPicture,
  EngineName,
  ListedAnswer,
  LoadedModel,
  Problem,
  Progress,
  Started,
  WeightsChoice,
} from './worker/protocol.ts';

/** A thing that takes time to get: what is there, what is under way, and what went wrong last. */
export interface Slot<T> {
  readonly value: T | undefined;
  readonly busy: Progress | undefined;
  readonly problem: Problem | undefined;
}

export interface ShownPicture extends DecodedPicture {
  readonly file: File;
  readonly name: string;
  /** An object URL, which its successor revokes. */
  readonly url: string;
}

/** One of several pictures that were opened together. */
export interface ListedPicture {
  readonly file: File;
  /** An object URL, which goes with the list. */
  readonly url: string;
  /** Undefined while it waits. */
  readonly answer: ListedAnswer | undefined;
}

/** All that the page shows. */
export interface PageState {
  /** Undefined for the first that can run. */
  readonly chosenEngine: EngineName | undefined;
  readonly weights: WeightsChoice;
  /** Undefined where the file tells. */
  readonly chosenModel: string | undefined;
  readonly device: Slot<Started>;
  readonly model: Slot<LoadedModel>;
  readonly picture: Slot<ShownPicture>;
  readonly answer: Slot<Answer>;
  /** Where several pictures were opened together. */
  readonly list: Slot<readonly ListedPicture[]>;
}

export const emptySlot: Slot<never> = { value: undefined, busy: undefined, problem: undefined };

export const initialState: PageState = {
  chosenEngine: undefined,
  weights: { kind: 'embedded' },
  chosenModel: undefined,
  device: emptySlot,
  model: emptySlot,
  picture: emptySlot,
  answer: emptySlot,
  list: emptySlot,
};
