/** What a request's time goes into. */
export type TraceStep = 'decode' | 'queue' | 'compute';

/** The span of a request, and of the steps within it; times by `performance.now()`. */
export interface RequestTrace {
  /** A step that is over. */
  step(name: TraceStep, startMs: number, endMs: number, attributes?: Readonly<Record<string, number>>): void;
  /** @param failure What went wrong on the server's side; what a client did wrong is no failure. */
  end(attributes: Readonly<Record<string, number | string>>, failure?: string): void;
}

/** Begins spans. */
export interface Tracing {
  /** @param carrier The request's headers: where they have a `traceparent`, its trace is continued. */
  start(
    name: string,
    carrier: Readonly<Record<string, string | string[] | undefined>>,
    attributes: Readonly<Record<string, string>>,
  ): RequestTrace;
}
