interface FileEvent {
  /** What is loaded: the catalogue's id, the repository or the address. */
  readonly name: string;
  /** The file's own name. */
  readonly file: string;
}

interface Amount {
  readonly loaded: number;
  /** Bytes in all; 0 while it is not known. */
  readonly total: number;
  /** Percent, from 0 to 100. */
  readonly progress: number;
}

/**
 * What is happening to a download, by transformers.js's names: `initiate` when a file is asked for, `download` when it has
 * to be fetched, `progress` while it is, `done` when it is there (at once for one that was kept), and over all files of a
 * model `progress_total` and `ready`. Progress is told ten times a second at most.
 *
 * @see https://huggingface.co/docs/transformers.js (`ProgressInfo`)
 */
export type ProgressEvent =
  | (FileEvent & { readonly status: 'initiate' | 'download' | 'done' })
  | (FileEvent & Amount & { readonly status: 'progress' })
  | (Amount & {
      readonly status: 'progress_total';
      readonly name: string;
      readonly files: Readonly<Record<string, { readonly loaded: number; readonly total: number }>>;
    })
  | { readonly status: 'ready'; readonly name: string };
