import { followVideo } from '@residual/backend-webgpu/runtime';
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Actions, problemOf } from '../session/actions.ts';
import type { Answer, Problem } from '../session/worker/protocol.ts';

/** A camera whose frames are classified as fast as the engine can. */
export interface Camera {
  readonly isOn: boolean;
  readonly problem: Problem | undefined;
  readonly answer: Answer | undefined;
  readonly framesPerSecond: number | undefined;
  /** Where the camera is seen. */
  readonly video: RefObject<HTMLVideoElement | null>;
  turn(on: boolean): void;
}

/** The camera; it is off while `mayRun` is not. */
export function useCamera(actions: Actions, mayRun: boolean): Camera {
  const [isWanted, setWanted] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [live, setLive] = useState<{ answer: Answer; framesPerSecond: number }>();
  const video = useRef<HTMLVideoElement | null>(null);
  const isOn = isWanted && mayRun;
  useEffect(() => {
    if (!isOn) return;
    const ending = new AbortController();
    setProblem(undefined);
    classifyFrames(video.current!, actions, setLive, ending.signal).catch((error: unknown) => {
      if (ending.signal.aborted) return;
      setProblem(problemOf(error));
      setWanted(false);
    });
    return () => {
      ending.abort();
      setLive(undefined);
    };
  }, [isOn, actions]);
  const { answer, framesPerSecond } = live ?? {};
  return { isOn, problem, answer, framesPerSecond, video, turn: setWanted };
}

async function classifyFrames(
  video: HTMLVideoElement,
  actions: Actions,
  show: (live: { answer: Answer; framesPerSecond: number }) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!navigator.mediaDevices) throw new Error('There is no camera here, or the page is not served by https.');
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  try {
    video.srcObject = stream;
    await video.play();
    await followVideo(video, (frame) => actions.ask('frame', frame, { transfer: [frame] }), { signal, onAnswer: show });
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
