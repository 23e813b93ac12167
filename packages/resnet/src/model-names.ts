/** How the parts of a network are called, in front of the names of their own variables. */
export interface ModelNames {
  /** Of the block at `index` of the stage at `stage`, both from 0. */
  block(stage: number, index: number): string;
  /** Of the norm after the last stage, where there is one. */
  readonly norm: string;
  readonly head: string;
}

/** `layer1.0`, …, `fc`. @see torchvision `resnet.py` */
export const torchvisionNames: ModelNames = {
  block: (stage, index) => `layer${stage + 1}.${index}`,
  norm: 'norm',
  head: 'fc',
};

/** `stages.0.blocks.0`, …, `norm`, `head.fc`. @see timm `resnetv2.py` */
export const timmV2Names: ModelNames = {
  block: (stage, index) => `stages.${stage}.blocks.${index}`,
  norm: 'norm',
  head: 'head.fc',
};
