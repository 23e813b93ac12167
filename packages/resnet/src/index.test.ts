import { shapesOnly } from '@residual/blocks';
import { expect, test } from 'vitest';
import * as resnet from './index.ts';
import type { ResNet, ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

const exported: Readonly<Record<string, unknown>> = resnet;
const specs = Object.entries(exported).flatMap(([name, value]) =>
  name.endsWith('Spec') && typeof value === 'object' ? [[name, value as ResNetSpec] as const] : [],
);

test.each(specs)('the function beside %s builds it', (name, spec) => {
  const build = exported[name.slice(0, -'Spec'.length)] as (options: ResNetOptions) => ResNet;
  expect(build({ vars: shapesOnly, numClasses: 3 }).spec).toEqual({ ...spec, numClasses: 3 });
  expect(name).toBe(`${spec.name}Spec`);
});
