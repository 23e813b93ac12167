/** Names that PyTorch's wrappers of modules put into their tensors' names, at the start or in the middle. */
const wrappers: readonly string[] = [
  'module', // DataParallel, DistributedDataParallel, AveragedModel
  '_orig_mod', // torch.compile
  '_fsdp_wrapped_module',
  '_checkpoint_wrapped_module',
];

/** A name without the segments of wrappers: `module._orig_mod.layer1.0` is `layer1.0`. */
export function dropWrapperSegments(name: string): string {
  if (!name.includes('mod')) return name;
  const segments = name.split('.');
  const kept = segments.filter((segment, index) => index === segments.length - 1 || !wrappers.includes(segment));
  return kept.length === segments.length ? name : kept.join('.');
}

/** The start of a name that has `segments` segments beside those of wrappers, with the wrappers that follow. */
export function prefixInFile(name: string, segments: number): string {
  const all = name.split('.');
  let end = 0;
  for (let left = segments; end < all.length - 1; end++) {
    if (wrappers.includes(all[end]!)) continue;
    if (left === 0) break;
    left -= 1;
  }
  return all.slice(0, end).join('.');
}
