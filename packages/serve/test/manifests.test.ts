import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

// What is deployed, held to the schemas of Kubernetes and KServe that are in schemas/.

const root = resolve(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The schema of a manifest, by `apiVersion` and `kind`. */
const definitions: Readonly<Record<string, string>> = {
  'apps/v1 Deployment': 'io.k8s.api.apps.v1.Deployment',
  'v1 Service': 'io.k8s.api.core.v1.Service',
  'autoscaling/v2 HorizontalPodAutoscaler': 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'policy/v1 PodDisruptionBudget': 'io.k8s.api.policy.v1.PodDisruptionBudget',
  'batch/v1 Job': 'io.k8s.api.batch.v1.Job',
  'serving.kserve.io/v1alpha1 ServingRuntime': 'V1alpha1ServingRuntime',
  'serving.kserve.io/v1beta1 InferenceService': 'V1beta1InferenceService',
};

// Formats are ranges of integers: JSON's own numbers are enough.
const ajv = new Ajv2020({ strict: false, validateFormats: false, inlineRefs: false });
ajv.addSchema({ $id: 'manifests', ...JSON.parse(read('packages/serve/test/schemas/manifests.json')) });

function problems(manifest: Manifest): string {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  const isValid = ajv.getSchema(`manifests#/$defs/${definitions[kind]}`);
  if (isValid === undefined) return `${kind}: there is no schema`;
  return isValid(manifest) ? '' : ajv.errorsText(isValid.errors, { dataVar: manifest.kind });
}

function manifests(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
}

const files: Readonly<Record<string, readonly string[]>> = {
  'deploy/kubernetes/residual.yaml': ['Deployment', 'Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'],
  'deploy/kserve/residual.yaml': ['ServingRuntime', 'InferenceService'],
  'examples/batch/kubernetes-job.yaml': ['Job'],
};

test.each(Object.entries(files))('%s holds to the schemas', (path, kinds) => {
  const found = manifests(read(path));
  expect(found.map(({ kind }) => kind)).toEqual(kinds);
  for (const manifest of found) expect(problems(manifest)).toBe('');
});

test("docs/serving.md's services hold to KServe's schema", () => {
  const blocks = [...read('docs/serving.md').matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(([, yaml]) =>
    manifests(yaml!),
  );
  expect(blocks.map(({ kind }) => kind)).toEqual(['InferenceService', 'InferenceService']);
  for (const manifest of blocks) expect(problems(manifest)).toBe('');
});

test('a field that is not known, of another type or missing is a problem', () => {
  const [deployment, service, autoscaler] = manifests(read('deploy/kubernetes/residual.yaml'));
  const [runtime, inference] = manifests(read('deploy/kserve/residual.yaml'));
  const broken = (manifest: unknown, from: string, to: string): string => {
    const text = JSON.stringify(manifest);
    expect(text).toContain(from);
    return problems(JSON.parse(text.replace(from, to)));
  };
  expect(broken(deployment, '"readinessProbe"', '"readynessProbe"')).toContain('additional properties');
  expect(broken(deployment, '"replicas":2', '"replicas":"two"')).toContain('/spec/replicas must be integer');
  expect(broken(service, '"port":80,', '"port":80,"prot":80,')).toContain('additional properties');
  expect(broken(autoscaler, '"maxReplicas":20,', '')).toContain("required property 'maxReplicas'");
  expect(broken(runtime, '"supportedModelFormats"', '"modelFormats"')).toContain('additional properties');
  expect(broken(inference, '"storageUri":', '"storageURI":')).toContain('additional properties');
  expect(broken(inference, '"minReplicas":1', '"minReplicas":"one"')).toContain('must be integer');
});
