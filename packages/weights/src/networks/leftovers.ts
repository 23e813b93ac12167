import type { TensorEntry } from '../weights-index.ts';
import { listNames } from './list-names.ts';

/** Whether a tensor is something that a tool left in the network, and no part of what it computes. */
function isLeftover(name: string, has: (name: string) => boolean): boolean {
  if (/(^|\.)(total_ops|total_params|n_averaged|queue\d?|queue_ptr)$/.test(name)) return true;
  if (/fake_quant|activation_post_process/.test(name)) return true;
  // Of a quantised activation; a scale alone may be a parameter.
  const module = /^(.*\.)?(?:scale|zero_point)$/.exec(name)?.[1] ?? '';
  return /(^|\.)(scale|zero_point)$/.test(name) && has(`${module}scale`) && has(`${module}zero_point`);
}

/** Takes a network's leftovers out, with a note. */
export function withoutLeftovers(
  tensors: ReadonlyMap<string, TensorEntry>,
  notes: string[],
): ReadonlyMap<string, TensorEntry> {
  const leftovers = [...tensors.keys()].filter((name) => isLeftover(name, (other) => tensors.has(other)));
  if (leftovers.length === 0) return tensors;
  notes.push(`left out, being of tools and quantisation: ${listNames(leftovers)}`);
  const kept = new Map(tensors);
  for (const name of leftovers) kept.delete(name);
  return kept;
}

/** Modules beside a network, or children of it, that neither its features nor a head's answer depend on. */
export function isBystander(module: string): boolean {
  return (
    /^(criterion|\w*loss\w*|metrics?|\w*_metrics?|\w*acc(uracy)?\d?|(train|val|valid|test)_\w+)$/i.test(module) ||
    /^(proj|projection|projector|prototypes?|predictor|prediction_head|contrastive)(_?\w*)$/i.test(module) ||
    /^(\w+_)?(projection|projector|proj|predictor|prototypes)(_?head|_?net)?\d*$/i.test(module) ||
    /^(momentum|ema|target|teacher|key)_\w+$/i.test(module) ||
    /^(\w*normali[sz]e\w*|\w*normali[sz]ation|mean|std|pixel_mean|pixel_std|data_preprocessor|attacker)$/i.test(
      module,
    ) ||
    /^(center|temperature|temp|logit_scale|n_averaged|queue\w*|total_ops|total_params|step|global_step)$/i.test(module)
  );
}

/** Children of a network that other tasks hang on its features; the features do not depend on them. */
export function isOtherTask(module: string): boolean {
  return /^(decoder\w*|aux\w*|fpn\w*|neck|rpn\w*|roi_\w+|proposal_generator|mask_head|seg\w*|bbox\w*|anchor\w*|aspp\w*|upsample\w*|up\d|deconv\w*|decode_head|auxiliary_head|ppm|transformer|text\w*|token_embedding|ln_final|positional_embedding|text_projection)$/i.test(
    module,
  );
}
