/** A code block of a page of Markdown. */
export interface CodeBlock {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
  readonly line: number;
}

export function codeBlocks(path: string): CodeBlock[];
