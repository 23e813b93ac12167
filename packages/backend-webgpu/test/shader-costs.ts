/** What a thread of a shader needs, read from its text. */
export interface ShaderCosts {
  /** Of 32 bits: the most that live at one place, were none of them moved or spilled. */
  readonly registers: number;
  /** Loaded in the innermost loop, for one multiply-add there. */
  readonly bytesPerMultiplyAdd: number;
}

interface Variable {
  readonly name: string;
  readonly registers: number;
  readonly declared: number;
  lastUsed: number;
}

interface Loop {
  readonly begin: number;
  end: number;
}

/**
 * Counts by the WGSL that the shaders are written in: vectors of four take four registers, all else one. Uniforms take none,
 * since GPUs have others for them, nor does a number of a vector that is used as a vector.
 */
export function shaderCosts(wgsl: string, bytesPerNumber = 4): ShaderCosts {
  const statements = statementsOf(wgsl.slice(wgsl.indexOf('{', wgsl.indexOf('fn main(')) + 1));
  const loops: Loop[] = [];
  const variables: Variable[] = [];
  const scopes: { readonly known: Map<string, Variable>; readonly loop?: Loop }[] = [{ known: new Map() }];
  for (const [at, text] of statements.entries()) {
    if (text === '}') {
      const closed = scopes.pop();
      if (closed?.loop) closed.loop.end = at;
      continue;
    }
    const isLoop = text.startsWith('for (');
    if (text.endsWith('{')) {
      const loop = isLoop ? { begin: at, end: at } : undefined;
      if (loop) loops.push(loop);
      scopes.push({ known: new Map(), ...(loop && { loop }) });
    }
    const [, name, value] = /(?:let|var) (\w+)[^=]* = ([^;]*)/.exec(text) ?? [];
    const known = scopes.at(-1)!.known;
    for (const [word] of text.matchAll(/[a-zA-Z_]\w*/g)) {
      const variable = [...scopes]
        .reverse()
        .find((scope) => scope.known.has(word))
        ?.known.get(word);
      if (variable && !(word === name && known.get(word) !== variable)) variable.lastUsed = at;
    }
    if (name === undefined) continue;
    const isVector = /^(vec4f|select\(vec4f|\w+_unpack)\(|^sum/.test(value!);
    const isFree = /^shape\.\w+$|^vec4f\(\w+\[\d\]\)$/.test(value!);
    const variable = { name, registers: isFree ? 0 : isVector ? 4 : 1, declared: at, lastUsed: at };
    known.set(name, variable);
    variables.push(variable);
  }
  for (const variable of variables) {
    for (const { begin, end } of loops) {
      const isUsedWithin = variable.lastUsed > begin && variable.lastUsed < end;
      if (variable.declared < begin && isUsedWithin) variable.lastUsed = end;
    }
  }
  const registers = Math.max(
    ...statements.map((_, at) =>
      variables.reduce(
        (sum, { declared, lastUsed, registers: own }) => sum + (declared <= at && at <= lastUsed ? own : 0),
        0,
      ),
    ),
  );
  return { registers, bytesPerMultiplyAdd: bytesPerMultiplyAdd(statements, loops, bytesPerNumber) };
}

function bytesPerMultiplyAdd(statements: readonly string[], loops: readonly Loop[], bytesPerNumber: number): number {
  const innermost = loops.filter(
    (loop) => !loops.some((other) => other !== loop && other.begin > loop.begin && other.end < loop.end),
  );
  const bodies = innermost.map(({ begin, end }) => statements.slice(begin, end).join('\n'));
  const count = (text: string, part: RegExp): number => text.match(part)?.length ?? 0;
  const body = bodies.reduce((most, text) => (count(text, /fma\(/g) > count(most, /fma\(/g) ? text : most), '');
  const numbers = 4 * count(body, /\b(?:x|weights)\[/g) + count(body, /x_number\(/g);
  return (numbers * bytesPerNumber) / (4 * count(body, /fma\(/g));
}

/** Statements, heads of blocks, and their ends. */
function statementsOf(body: string): string[] {
  const statements: string[] = [];
  let text = '';
  let depth = 0;
  for (const letter of body) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    text += letter;
    if (depth > 0 || !/[{};]/.test(letter)) continue;
    statements.push(text.trim());
    text = '';
  }
  return statements;
}
