import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openApi } from '../src/http/openapi.ts';
import { EDGE, preparedPictures, startServer } from './fixtures.ts';

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: { $ref: string } }>> }>
  >;
}

const document = openApi('1.2.3') as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object };
};

test('the document is OpenAPI', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test('every answer is as its schema says', async () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: 'server', components: { schemas: document.components.schemas } });
  const { address } = await startServer();
  const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#3c3' } })
    .png()
    .toBuffer();
  const input = { name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32', data: [...preparedPictures(1)] };
  const image = { method: 'POST', body: png as BodyInit, headers: { 'Content-Type': 'image/png' } };
  const bodies: Record<string, RequestInit> = {
    '/v2/repository/index': { method: 'POST' },
    '/v1/classify': image,
    '/v1/embed': image,
    '/v1/explain': image,
  };
  let checked = 0;
  for (const [path, operations] of Object.entries(document.paths)) {
    if (path === '/metrics' || path.endsWith('load')) continue;
    const [[method, operation]] = Object.entries(operations) as [[string, Operation]];
    const asked = path.replace('{model}', 'net').replace('{version}', '1');
    const infer: RequestInit = { method: 'POST', body: JSON.stringify({ inputs: [input] }) };
    const good = await fetch(`${address}${asked}`, path.endsWith('infer') ? infer : (bodies[path] ?? {}));
    expect([path, good.status]).toEqual([path, 200]);
    const { $ref } = operation.responses['200']!.content!['application/json']!.schema;
    const isValid = ajv.getSchema(`server${$ref}`)!;
    expect(isValid(await good.json()), `${path}: ${ajv.errorsText(isValid.errors)}`).toBe(true);
    checked++;
    if (method === 'get') continue;
    const bad = await fetch(`${address}${asked}`, {
      method: 'POST',
      body: '[',
      headers: { 'Content-Type': 'application/json' },
    });
    expect([path, bad.status]).toEqual([path, 400]);
    expect(ajv.getSchema('server#/components/schemas/Error')!(await bad.json())).toBe(true);
  }
  expect(checked).toBeGreaterThan(12);
});
