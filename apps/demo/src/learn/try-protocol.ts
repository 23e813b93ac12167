import type { Shortcut } from '../lab/protocol.ts';

/** The CIFAR net that a reader asks for. */
export interface TriedNet {
  /** 6n + 2 layers. */
  readonly depth: number;
  readonly shortcut: Shortcut;
}

/** What it is made of, counted and measured in the network itself. */
export interface TriedCosts {
  readonly net: TriedNet;
  readonly parameters: number;
  /** For one picture of 32 × 32. */
  readonly multiplyAdds: number;
  /** From the stem to the last layer. */
  readonly parts: readonly TriedPart[];
}

export interface TriedPart {
  /** `stem`, a block's path (`layer1.0`), or the last layer's. */
  readonly name: string;
  /** NHWC, of one picture. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
  /** Root mean square of the loss's gradient by its filters, at the first step of training; it comes last. */
  readonly gradient: number | undefined;
}
