/** CIFAR-10's class names, by index. */
export const cifar10Classes = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

/** One of CIFAR-10's class names. */
export type Cifar10Class = (typeof cifar10Classes)[number];
