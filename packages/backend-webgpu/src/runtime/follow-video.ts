/** An answer to a frame, and how fast they come. */
export interface FrameAnswer<Answer> {
  readonly answer: Answer;
  /** The frame's place in the video, in microseconds. */
  readonly timestampUs: number;
  /** Answers a second, over the last two seconds. */
  readonly framesPerSecond: number;
}

export interface FollowVideoOptions<Answer> {
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: FrameAnswer<Answer>) => void;
}

/** Frames that are computed at a time: while one is, the next is handed over. */
const IN_FLIGHT = 2;
const RATE_MS = 2000;
/** A page in the background is told of no frames: then it looks for itself. */
const LOOK_AGAIN_MS = 100;

/**
 * Has each of a video's frames computed for which there is time: two at a time, and whenever one is done the newest goes
 * next, so that answers are never late by more than two. How fast is the engine's matter, not that of the page's drawing.
 *
 * @param run Computes a frame, which is closed afterwards, and may be handed over to a worker.
 * @throws What `run` throws.
 */
export async function followVideo<Answer>(
  video: HTMLVideoElement,
  run: (frame: VideoFrame) => Promise<Answer>,
  { signal, onAnswer }: FollowVideoOptions<Answer>,
): Promise<void> {
  const beganMs = performance.now();
  const answeredMs: number[] = [];
  if (typeof VideoFrame === 'undefined')
    throw new Error('video: expected a browser with VideoFrame, got one without; take a newer one, or pictures of it');
  let takenUs: number | undefined;
  /** A video that begins anew, or is set back, has earlier times. */
  let takenCount = 0;
  let toldCount = 0;
  const ending = new AbortController();
  const ended = AbortSignal.any([signal, ending.signal]);

  const next = async (): Promise<{ frame: VideoFrame; count: number } | undefined> => {
    while (!ended.aborted && !video.ended) {
      const frame = video.readyState >= video.HAVE_CURRENT_DATA ? new VideoFrame(video) : undefined;
      if (frame && frame.timestamp !== takenUs) {
        takenUs = frame.timestamp;
        takenCount += 1;
        return { frame, count: takenCount };
      }
      frame?.close();
      await nextPresented(video, ended);
    }
    return undefined;
  };
  const tell = (answer: Answer, timestampUs: number, count: number): void => {
    const nowMs = performance.now();
    answeredMs.push(nowMs);
    while (answeredMs.length > 2 && nowMs - answeredMs[0]! > RATE_MS) answeredMs.shift();
    const intervals = answeredMs.length - 1;
    const spanMs = intervals > 0 ? nowMs - answeredMs[0]! : nowMs - beganMs;
    if (ended.aborted || count < toldCount) return;
    toldCount = count;
    onAnswer({ answer, timestampUs, framesPerSecond: (1000 * Math.max(1, intervals)) / Math.max(1, spanMs) });
  };
  const lane = async (): Promise<void> => {
    for (let taken = await next(); taken !== undefined; taken = await next()) {
      const { frame, count } = taken;
      const { timestamp } = frame;
      try {
        tell(await run(frame), timestamp, count);
      } finally {
        frame.close();
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  } finally {
    ending.abort();
  }
}

/** Until the video shows another frame, or it is time to look. */
function nextPresented(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const told = video.requestVideoFrameCallback?.(() => end());
    const timer = setTimeout(() => end(), LOOK_AGAIN_MS);
    const end = (): void => {
      if (told !== undefined) video.cancelVideoFrameCallback(told);
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
  });
}
