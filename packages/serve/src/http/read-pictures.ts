import { asArray, asObject, asText, parseJson } from '../protocol/json-fields.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';

const MULTIPART = 'multipart/form-data';

/**
 * The pictures of a body: a picture itself, the files of a form, or JSON `{ "images": [BASE64, …] }`. None is opened by a
 * path or an address.
 *
 * @throws ProtocolError with status 400 or 415.
 */
export async function readPictures(
  body: Uint8Array,
  contentType = 'application/octet-stream',
): Promise<readonly Uint8Array[]> {
  const [type = ''] = contentType.toLowerCase().split(';');
  if (type === MULTIPART) return filesOfForm(body, contentType);
  if (type === 'application/json') return ofJson(body);
  if (type.startsWith('image/') || type === 'application/octet-stream') return [body];
  const expected = `expected image/…, application/octet-stream, ${MULTIPART} or application/json`;
  throw new ProtocolError(415, `Content-Type: ${expected}, got '${type.slice(0, 40)}'`);
}

async function filesOfForm(body: Uint8Array, contentType: string): Promise<readonly Uint8Array[]> {
  const form = await new Response(Buffer.from(body), { headers: { 'Content-Type': contentType } })
    .formData()
    .catch((error: unknown) => {
      throw new ProtocolError(400, 'the body: expected a form with files, got one that can not be read', error);
    });
  const files = [...form.values()].filter((value) => typeof value !== 'string');
  if (files.length === 0) throw new ProtocolError(400, 'the body: expected a form with one file at least, got none');
  return Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())));
}

function ofJson(body: Uint8Array): readonly Uint8Array[] {
  const images = asArray('images', asObject('the body', parseJson(body))['images']);
  if (images.length === 0) throw new ProtocolError(400, 'images: expected one picture at least, got none');
  return images.map((image, index) => {
    const bytes = Buffer.from(asText(`images[${index}]`, image), 'base64');
    if (bytes.length > 0) return bytes;
    throw new ProtocolError(400, `images[${index}]: expected a picture's file in base64, got nothing of it`);
  });
}
