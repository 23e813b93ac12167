/** What a network is made of and costs, counted in the traced network itself. */
export interface NetworkCost {
  readonly name: string;
  /** `BasicBlock` or `Bottleneck`. */
  readonly block: string;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  readonly parameters: number;
  /** For one picture of 224 × 224. */
  readonly multiplyAdds: number;
}
