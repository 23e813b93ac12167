import { shownUrl } from './address.ts';
import { Retryable } from './attempts.ts';
import { HubError } from './hub-error.ts';
import { type Answer, request, type Transport } from './request.ts';
import type { PartialIdentity } from './weights-cache.ts';

/** What a partial answer says of itself. */
export interface Range {
  readonly start: number;
  /** Bytes of the whole file. */
  readonly total: number;
  readonly validator: string | undefined;
}

/** The file is no longer the one that the download began with. */
export class Changed extends Error {
  constructor() {
    super('the file changed while it was fetched');
    this.name = 'Changed';
  }
}

/** The range that an answer is of; `undefined` for an answer that is whole, encoded or says no total. */
export function rangeOf({ status, headers }: Answer): Range | undefined {
  const encoding = headers.get('content-encoding') ?? '';
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status !== 206 || start === undefined || !['', 'identity'].includes(encoding)) return undefined;
  return { start: Number(start), total: Number(total), validator: validatorOf(headers) };
}

/** ETag, else Last-Modified. */
export function validatorOf(headers: Headers): string | undefined {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}

/** Asks for bytes `start` … `end` of a file that has been begun. @throws Changed, and as `request` does. */
export async function openRange(
  url: URL,
  { start, end, identity }: { start: number; end: number; identity: PartialIdentity },
  transport: Transport,
): Promise<Answer> {
  const answer = await request(url, { Range: `bytes=${start}-${end}` }, transport);
  const range = rangeOf(answer);
  if (range?.start === start && range.total === identity.sizeBytes && isSameValidator(range, identity)) return answer;
  answer.cancel();
  if (range !== undefined || answer.status === 416) throw new Changed();
  const text = `expected bytes ${start}-${end}, got HTTP status ${answer.status}; try again later`;
  throw new Retryable(new HubError('server', shownUrl(url), text, { status: answer.status }));
}

function isSameValidator({ validator }: Range, identity: PartialIdentity): boolean {
  return validator === undefined || identity.validator === undefined || validator === identity.validator;
}
