/** Whose names the tensors of a file have. */
export type KeySchemeName =
  | 'torchvision'
  | 'timm'
  | 'huggingface'
  | 'akamaster'
  | 'kuangliu'
  | 'weiaicunzai'
  | 'cadene'
  | 'detectron2'
  | 'mmpretrain'
  | 'vissl'
  | 'clip'
  | 'sequential'
  | 'bit'
  | 'keras'
  | 'unknown';
