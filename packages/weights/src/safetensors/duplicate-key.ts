/** The first key (quoted) that an object of this valid JSON text has twice, which `JSON.parse` would let pass. */
export function findDuplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;
  for (let match = tokens.exec(json); match !== null; match = tokens.exec(json)) {
    const token = match[0];
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (match[1] !== undefined) {
      const key: string = JSON.parse(token.slice(0, -match[1].length));
      const keys = open.at(-1)!;
      if (keys.has(key)) return JSON.stringify(key);
      keys.add(key);
    }
  }
  return undefined;
}
