import type { DecodeOptions } from '@residual/vision';
import { parseCount } from '../parse-count.ts';

/** How picture files are read, as commands take it. */
export interface DecodeFlags {
  readonly orient?: boolean;
  readonly maxPixels?: string;
  readonly grey16?: 'clip' | 'high-byte';
}

/** What a decoder says, with its options called as the flags are. */
export function withFlagNames(message: string): string {
  return message.replace('raise maxPixels', 'raise --max-pixels').replace("grey16: 'high-byte'", '--grey16 high-byte');
}

/** The flags as decoders take them; what is left out is the decoder's to choose. @throws UsageError for what is no number */
export function parseDecodeFlags({ orient, maxPixels, grey16 }: DecodeFlags): DecodeOptions {
  return {
    ...(orient && { orient }),
    ...(maxPixels !== undefined && { maxPixels: parseCount('--max-pixels', maxPixels) }),
    ...(grey16 !== undefined && { grey16 }),
  };
}
