/** Where shapes differ: no shortcut at all, zero padding (`A`) or a projection (`B`). */
export type Shortcut = 'none' | 'A' | 'B';

export interface LabSettings {
  /** 6n + 2 layers. */
  readonly depth: number;
  readonly shortcut: Shortcut;
  readonly epochs: number;
  readonly seed: number;
}

/** What a training says while it goes on. */
export type LabMessage =
  | { readonly kind: 'device'; readonly runsOn: string }
  | { readonly kind: 'step'; readonly step: number; readonly steps: number; readonly loss: number }
  /** Errors are percentages. */
  | { readonly kind: 'epoch'; readonly trainError: number; readonly testError: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'problem'; readonly message: string };
