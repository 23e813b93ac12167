/** Address of the weights in a repository of the Hugging Face hub. */
export function hubUrl(repo: string): string {
  return `https://huggingface.co/${repo}/resolve/main/model.safetensors`;
}

/** Size of so many float32 numbers, to a decimal. */
export function sizeMiB(parameters: number): number {
  return Math.round((parameters * 4 * 10) / 2 ** 20) / 10;
}
