/** Whether a licence, as the hub spells it, lets weights be used, changed and passed on for any purpose. */
export function isPermissive(licence: string): boolean {
  const permissive = [
    'apache-2.0',
    'bsd',
    'bsd-2-clause',
    'bsd-3-clause',
    'bsd-3-clause-clear',
    'bsl-1.0',
    'cc-by-4.0',
    'cc0-1.0',
    'isc',
    'mit',
    'ncsa',
    'pddl',
    'unlicense',
    'wtfpl',
    'zlib',
  ];
  return permissive.includes(licence.toLowerCase());
}

/** What to say of a licence when weights are loaded: nothing of a permissive one. */
export function licenceNote(licence: string | undefined): string | undefined {
  if (licence === undefined || licence === 'unknown')
    return 'no licence is stated; ask the publisher before you use it for more than a trial';
  if (isPermissive(licence)) return undefined;
  return `licence ${licence}, which is not a permissive one; read its terms before you use or pass on what it computes`;
}
