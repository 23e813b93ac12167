/** The stride of a block: `index` is its place in its stage, `stage` the stage's, both from 0. */
export type BlockStride = (stage: number, index: number, depths: readonly number[]) => number;

/** Every stage after the first halves the picture in its first block. @see He et al. 2015, table 1 */
export const strideAtFirstBlock: BlockStride = (stage, index) => (stage > 0 && index === 0 ? 2 : 1);

/** Every stage before the last halves the picture in its last block. @see He et al.'s resnet-1k-layers; Keras `stack_residual_blocks_v2` */
export const strideAtLastBlock: BlockStride = (stage, index, depths) =>
  stage < depths.length - 1 && index === depths[stage]! - 1 ? 2 : 1;
