/** A picture of an archive. */
export interface Sample {
  /** Its name in the archive, or its row's number. */
  readonly name: string;
  /** What the archive calls it. */
  readonly key?: string;
  /** Its class: an index or a name. */
  readonly target?: number | string;
  readonly bytes?: Uint8Array;
  /** Why there are no bytes: `expected …, got …; …`. */
  readonly problem?: string;
}
