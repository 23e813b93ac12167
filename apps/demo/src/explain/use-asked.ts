import { useEffect, useState } from 'preact/hooks';
import { type Actions, problemOf } from '../session/actions.ts';
import { emptySlot, type Slot } from '../session/state.ts';
import type { RequestName, Requests } from '../session/worker/protocol.ts';

/** What the worker answers; asked again when `causes` change, and not at all while one of them is undefined. */
export function useAsked<Name extends RequestName>(
  actions: Actions,
  name: Name,
  argument: Requests[Name]['argument'],
  causes: readonly unknown[],
): Slot<Requests[Name]['result']> {
  const [slot, setSlot] = useState<Slot<Requests[Name]['result']>>(emptySlot);
  const mayAsk = causes.every((cause) => cause !== undefined);
  useEffect(() => {
    if (!mayAsk) return;
    const ending = new AbortController();
    const { signal } = ending;
    const set = (next: Partial<Slot<Requests[Name]['result']>>): void => {
      if (!signal.aborted) setSlot((before) => ({ ...before, ...next }));
    };
    setSlot((before) => ({ ...before, problem: undefined }));
    actions.ask(name, argument, { signal, report: (busy) => set({ busy }) }).then(
      (value) => set({ value, busy: undefined }),
      (error: unknown) => set({ busy: undefined, problem: problemOf(error) }),
    );
    return () => ending.abort();
  }, [actions, name, ...causes]);
  return slot;
}
