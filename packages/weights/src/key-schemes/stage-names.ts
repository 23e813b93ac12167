/** How a publisher calls stages: `layer1` is `layer`, 1, ``; `stages.0.blocks` is `stages.`, 0, `.blocks`. */
export interface StageNaming {
  readonly before: string;
  readonly after: string;
}

/** A tensor's place in the first block of a stage. */
export interface FirstBlock extends StageNaming {
  /** What stands before the network's own names: empty, or ends in a dot. */
  readonly root: string;
  readonly stage: number;
}

/** A tensor's place in a block. */
export interface BlockPlace {
  readonly stage: number;
  readonly block: number;
  /** The name within the block. */
  readonly rest: string;
}

/** What the first convolution of a block is called: everywhere, by weiaicunzai, by Hugging Face, in timm's `byobnet`. */
const firstConvolutions = ['conv1', 'residual_function.0', 'layer.0.convolution', 'conv1_1x1', 'conv1_kxk'];

/** Modules that hold stages by number and nothing else: the stem stands beside them. */
const stageLists = ['stages', 'layers', 'blocks', 'stage', 'res_layers'];

/**
 * The place of a tensor of the first convolution of a stage's first block, for instance of `layer1.0.conv1.weight`,
 * `model.encoder.stages.0.layers.0.layer.0.convolution.weight` or, in a numbered container, `f.4.0.conv1.weight`.
 */
export function findFirstBlock(name: string): FirstBlock | undefined {
  for (const convolution of firstConvolutions) {
    const end = name.indexOf(`.0.${convolution}.`);
    if (end > 0) return parseStage(name.slice(0, end));
  }
  return undefined;
}

function parseStage(path: string): FirstBlock | undefined {
  const segments = path.split('.');
  let last = segments.pop()!;
  let after = '';
  if (last === 'blocks' || last === 'layers') {
    after = `.${last}`;
    last = segments.pop() ?? '';
  }
  const match = /^(\D*)(\d{1,3})(_x)?$/.exec(last);
  if (match === null) return undefined;
  let before = match[1]!;
  const list = segments.at(-1) ?? '';
  if (before === '' && stageLists.includes(list)) {
    before = `${segments.pop()!}.`;
    if (after === '.layers' && segments.at(-1) === 'encoder') before = `${segments.pop()!}.${before}`;
  }
  const root = segments.length === 0 ? '' : `${segments.join('.')}.`;
  return { root, before, after: `${match[3] ?? ''}${after}`, stage: Number(match[2]) };
}

/** Takes the names of one network apart: stage, block, and the name within it; `undefined` for names outside blocks. */
export function blockParser({ before, after }: StageNaming): (name: string) => BlockPlace | undefined {
  const quote = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^${quote(before)}(\\d{1,3})${quote(after)}\\.(\\d{1,4})\\.(.+)$`, 's');
  return (name) => {
    const match = pattern.exec(name);
    return match === null ? undefined : { stage: Number(match[1]), block: Number(match[2]), rest: match[3]! };
  };
}
