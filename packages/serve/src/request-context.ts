import { createHash, timingSafeEqual } from 'node:crypto';
import type { Admission } from './batching/admission.ts';
import type { ModelStore } from './models/model-store.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import type { Tracing } from './tracing/request-trace.ts';

/** What is answered with, whatever a request came by. */
export interface RequestContext {
  readonly store: ModelStore;
  readonly admission: Admission;
  /** Whether the server takes requests. */
  readonly isReady: () => boolean;
  /** The server's metadata. */
  readonly server: { readonly name: string; readonly version: string; readonly extensions: readonly string[] };
  /** How long a request may take where it doesn't say, in milliseconds. */
  readonly timeoutMs: number;
  /** Looks at an `Authorization`. @throws ProtocolError with status 401 */
  readonly checkToken: (authorization: string) => void;
  /** Where requests are traced; `undefined` where they aren't, and before the server has started. */
  readonly tracing: () => Tracing | undefined;
  /** Called for an error that is no client's. */
  readonly onFault: (error: unknown) => void;
}

/** Wants `Bearer` and the token; nothing where there is no token. */
export function tokenCheck(token: string | undefined): (authorization: string) => void {
  if (token === undefined) return () => undefined;
  const expected = hash(`Bearer ${token}`);
  return (authorization) => {
    if (timingSafeEqual(hash(authorization), expected)) return;
    throw new ProtocolError(401, 'Authorization: expected Bearer and the token that the server was started with');
  };
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
