/**
 * What became of files in one run, or in several of which each went on from the one before: `{rows, errors, counted,
 * failures}`. A file has one row, or one error that begins with its own name and names no other, or it is damaged, has no
 * ending of a picture, and is among those that the line about the folder counts.
 *
 * @param files `{path, isWhole, isCalledPicture}` of each.
 * @param rows Paths of all rows.
 * @param lines Of stderr, of all runs.
 */
export function accountFor(files, rows, lines) {
  const failures = [];
  const outcomes = new Map(files.map(({ path }) => [path, []]));
  const note = (path, outcome) => {
    if (outcomes.has(path)) outcomes.get(path).push(outcome);
    else failures.push(`${outcome} of a file that is not there: ${path}`);
  };
  for (const path of rows) note(path, 'row');
  for (const line of lines) {
    if (!line.startsWith('residual: ') || line === 'residual: interrupted') continue;
    const [, path, problem] = /^residual: (many\/[^:]*): (.*)$/.exec(line) ?? [];
    if (path === undefined) failures.push(`an error that names no file: ${line}`);
    else if (problem.includes('many/')) failures.push(`an error that names another file, or its own twice: ${line}`);
    else note(path, 'error');
  }
  const said = new Set(lines.flatMap((line) => /^many: .*; (\d+) files? (?:is|are) none: /.exec(line)?.[1] ?? []));
  let counted = 0;
  for (const { path, isWhole, isCalledPicture } of files) {
    const [outcome, ...others] = outcomes.get(path);
    if (others.length > 0) failures.push(`${path}: ${[outcome, ...others].join(', ')}`);
    if (isWhole && outcome !== 'row') failures.push(`${path}: whole, and ${outcome ?? 'not there'}`);
    if (outcome !== undefined) continue;
    counted += 1;
    if (isCalledPicture) failures.push(`${path}: lost`);
  }
  const expected = counted === 0 ? [] : [String(counted)];
  if (String([...said]) !== String(expected))
    failures.push(`${counted} files neither had a row nor an error; counted: ${[...said].join(', ') || 'none'}`);
  const errors = [...outcomes.values()].flat().filter((outcome) => outcome === 'error').length;
  return { rows: rows.length, errors, counted, failures };
}
