/** How the parameters of a file are named. */
export type KeySchemeName = 'torchvision' | 'timm' | 'huggingface' | 'akamaster' | 'unknown';

/** One family's names, and what torchvision calls the same parameters. */
export interface KeyScheme {
  readonly name: KeySchemeName;
  /** Whether a file with these keys follows the scheme. */
  matches(keys: ReadonlySet<string>): boolean;
  /** torchvision's name, or `undefined` for a key that no ResNet of torchvision's has. */
  toTorchvision(key: string): string | undefined;
}
