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

/** A frame; `ImageBitmap` in browsers without WebCodecs, such as Firefox on Android. */
export type FollowedFrame = VideoFrame | ImageBitmap;

interface TakenFrame {
  readonly frame: FollowedFrame;
  readonly timestampUs: number;
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
  run: (frame: FollowedFrame) => Promise<Answer>,
  { signal, onAnswer }: FollowVideoOptions<Answer>,
): Promise<void> {
  const beganMs = performance.now();
  const answeredMs: number[] = [];
  let takenUs: number | undefined;
  /** A video that begins anew, or is set back, has earlier times. */
  let takenCount = 0;
  let toldCount = 0;
  const ending = new AbortController();
  const ended = AbortSignal.any([signal, ending.signal]);

  const next = async (): Promise<(TakenFrame & { count: number }) | undefined> => {
    while (!ended.aborted && !video.ended) {
      const taken = video.readyState >= video.HAVE_CURRENT_DATA ? await take(video) : undefined;
      if (taken && taken.timestampUs !== takenUs) {
        takenUs = taken.timestampUs;
        takenCount += 1;
        return { ...taken, count: takenCount };
      }
      taken?.frame.close();
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
      const { frame, timestampUs, count } = taken;
      try {
        tell(await run(frame), timestampUs, count);
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

async function take(video: HTMLVideoElement): Promise<TakenFrame> {
  if (typeof VideoFrame === 'undefined')
    return { timestampUs: Math.round(1e6 * video.currentTime), frame: await createImageBitmap(video) };
  const frame = new VideoFrame(video);
  return { frame, timestampUs: frame.timestamp };
}
