import { cifar10Classes } from '@residual/vision/cifar10';

/** Names of classes by their number, and the pictures that the network is made for; ImageNet's are loaded only where they are needed. */
export async function defaultLabels(numClasses: number, sizePx: number): Promise<readonly string[]> {
  if (numClasses === 1000) return (await import('@residual/vision/imagenet')).imagenetClasses;
  if (numClasses === cifar10Classes.length && sizePx === 32) return cifar10Classes;
  return Array.from({ length: numClasses }, (_, index) => `class ${index}`);
}
