import type { ZipFile } from '../zip-file.ts';

const maxFileBytes = 1024 * 1024;
const maxBytes = 16 * 1024 * 1024;

/** What the code of TorchScript's classes says of their modules (`stride`, `eps`, …), by the classes' names. */
export type ScriptAttributes = ReadonlyMap<string, ReadonlyMap<string, string | number>>;

/**
 * Looks through the code of a TorchScript archive, which is not run, for constants of its modules: scripted ones declare
 * them, traced ones have them in their calls.
 *
 * @throws WeightsFormatError where the code is damaged.
 */
export async function readScriptAttributes(zip: ZipFile): Promise<ScriptAttributes> {
  const classes = new Map<string, ReadonlyMap<string, string | number>>();
  const folder = `${zip.root}/code/`;
  let left = maxBytes;
  for (const name of zip.names()) {
    if (!name.startsWith(folder) || !name.endsWith('.py') || zip.sizeOf(name) > maxFileBytes) continue;
    left -= zip.sizeOf(name);
    if (left < 0) break;
    const path = name.slice(folder.length, -'.py'.length).replaceAll('/', '.');
    const text = new TextDecoder().decode(await zip.read(name));
    for (const part of text.split(/^class /m).slice(1)) {
      const attributes = attributesOf(part);
      if (attributes.size > 0) classes.set(`${path}.${part.slice(0, part.indexOf('('))}`, attributes);
    }
  }
  return classes;
}

function attributesOf(code: string): Map<string, string | number> {
  const attributes = new Map<string, string | number>();
  for (const [, name, value] of code.matchAll(/^ {2}(stride|padding|dilation|groups|eps) : Final\[.*\] = (.+)$/gm)) {
    attributes.set(name!, plain(value!));
  }
  if (attributes.size > 0) return attributes;
  const list = '\\[([\\d, ]*)\\]';
  const convolution = new RegExp(
    `torch\\._convolution\\(\\w+, \\w+, \\w+, ${list}, ${list}, ${list}, False, ${list}, (\\d+)`,
  );
  const call = convolution.exec(code);
  if (call !== null) {
    const [, stride, padding, dilation, , groups] = call;
    for (const [name, value] of Object.entries({ stride, padding, dilation, groups }))
      attributes.set(name, plain(value!));
  }
  const norm = /torch\.batch_norm\((?:\w+, ){6}[\d.e+-]+, ([\d.e+-]+)/.exec(code);
  if (norm !== null) attributes.set('eps', Number(norm[1]));
  return attributes;
}

/** A number, or several by commas. */
function plain(value: string): string | number {
  const text = value.replace(/[()[\] "]/g, '');
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
