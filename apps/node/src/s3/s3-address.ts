import { UsageError } from '../usage-error.ts';

/** An object in S3, or the start of objects' names. */
export interface S3Address {
  readonly bucket: string;
  readonly key: string;
}

/** Whether a name is an `s3://bucket/…` address. */
export function isS3(name: string): boolean {
  return /^s3:\/\//i.test(name);
}

/** @throws UsageError where no bucket is named */
export function parseS3Address(address: string): S3Address {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(address) ?? [];
  if (bucket !== undefined) return { bucket, key };
  throw new UsageError(`${address}: expected s3://BUCKET/NAME, got no bucket; name one`);
}
