import type { PublishedModel } from './published-weights.ts';

/** Architectures of the catalogue's tables that `@residual/resnet` does not build: their weights are not offered. */
export function unbuiltModels(): PublishedModel[] {
  const names = `
    ecaresnet101d ecaresnet101d_pruned ecaresnet269d ecaresnet26t ecaresnet50d ecaresnet50d_pruned ecaresnet50t
    ecaresnetlight legacy_senet154 legacy_seresnet101 legacy_seresnet152 legacy_seresnet18 legacy_seresnet34
    legacy_seresnet50 legacy_seresnext101_32x4d legacy_seresnext26_32x4d legacy_seresnext50_32x4d
    res2net101_26w_4s res2net101d res2net50_14w_8s res2net50_26w_4s res2net50_26w_6s res2net50_26w_8s
    res2net50_48w_2s res2net50d res2next50 resnest101e resnest14d resnest200e resnest269e resnest26d resnest50d
    resnest50d_1s4x24d resnest50d_4s2x40d resnet101c resnet101d resnet101s resnet10t resnet14t resnet152c
    resnet152d resnet152s resnet18d resnet200d resnet26d resnet26t resnet34d resnet50_gn resnet50c resnet50s
    resnetaa101d resnetaa50 resnetaa50d resnetblur50 resnetrs101 resnetrs152 resnetrs200 resnetrs270 resnetrs350
    resnetrs420 resnetrs50 resnetv2_101 resnetv2_101x1_bit resnetv2_101x3_bit resnetv2_152x2_bit
    resnetv2_152x4_bit resnetv2_18 resnetv2_18d resnetv2_34 resnetv2_34d resnetv2_50d_evos resnetv2_50d_gn
    resnetv2_50x1_bit resnetv2_50x3_bit resnext101_32x16d resnext101_32x32d resnext101_32x4d resnext50d_32x4d
    senet154 seresnet152d seresnext101_32x4d seresnext101_32x8d seresnext101_64x4d seresnext101d_32x8d
    seresnext26d_32x4d seresnext26t_32x4d seresnext50_32x4d seresnextaa101d_32x8d seresnextaa201d_32x8d
    skresnet18 skresnet34 skresnext50_32x4d test_resnet
  `;
  return names.trim().split(/\s+/) as PublishedModel[];
}
