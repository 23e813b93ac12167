/** Whether something can run here; where it can't, `reason` says in one line what is missing. */
export type Availability =
  | { readonly available: true; readonly reason?: undefined }
  | { readonly available: false; readonly reason: string };

/** What a tfjs backend says of itself once it is in use. */
export interface TfjsBackendInfo {
  /** `tfjs-node`, `tfjs-wasm`, … */
  readonly name: string;
  /** Version of the tfjs package. */
  readonly version: string;
  /** What it runs on, for people: `libtensorflow 2.13.1`, `SIMD`. */
  readonly runsOn: string;
}

/** A tfjs backend that can be asked whether it is there and then made the current one. */
export interface TfjsBackend {
  readonly name: string;
  isAvailable(): Promise<Availability>;
  /** Loads the backend and makes it tfjs's current one. */
  use(): Promise<TfjsBackendInfo>;
}

/** Which backend serves, and why those before it don't. */
export interface TfjsBackendChoice {
  readonly info: TfjsBackendInfo;
  readonly passedOver: readonly { readonly name: string; readonly reason: string }[];
}

/** No backend of the list can run here; `reasons` says why of each. */
export class NoTfjsBackendError extends Error {
  readonly code = 'NO_TFJS_BACKEND';
  readonly reasons: readonly { readonly name: string; readonly reason: string }[];

  constructor(reasons: readonly { readonly name: string; readonly reason: string }[]) {
    const list = reasons.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
    super(
      `no tfjs backend can run here (${list || 'none was given'}); add '@residual/backend-wasm', which runs anywhere`,
    );
    this.name = 'NoTfjsBackendError';
    this.reasons = reasons;
    Object.defineProperty(this, Symbol.for('residual.NoTfjsBackendError'), { value: true });
  }

  static isInstance(error: unknown): error is NoTfjsBackendError {
    return error instanceof Error && Symbol.for('residual.NoTfjsBackendError') in error;
  }
}

/**
 * Makes the first backend of the list that can run here tfjs's current one.
 *
 * @throws NoTfjsBackendError if none can.
 */
export async function useFirstTfjsBackend(backends: readonly TfjsBackend[]): Promise<TfjsBackendChoice> {
  const passedOver: { name: string; reason: string }[] = [];
  for (const backend of backends) {
    const { available, reason } = await backend.isAvailable();
    if (available) return { info: await backend.use(), passedOver };
    passedOver.push({ name: backend.name, reason });
  }
  throw new NoTfjsBackendError(passedOver);
}
