import { CifarStem, type ResNetSpec } from '@residual/resnet';
import { cifar10Classes } from '@residual/vision/cifar10';

/** Names of a variant's classes by their number; ImageNet's are loaded only where they are needed. */
export async function defaultLabels(spec: ResNetSpec, numClasses: number): Promise<readonly string[]> {
  if (numClasses === 1000) return (await import('@residual/vision/imagenet')).imagenetClasses;
  if (numClasses === cifar10Classes.length && spec.stem === CifarStem) return cifar10Classes;
  return Array.from({ length: numClasses }, (_, index) => `class ${index}`);
}
