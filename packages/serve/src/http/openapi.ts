/** What the server can be asked, as OpenAPI 3.1 has it. The protocol's own part is its published schema's. */
export function openApi(version: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Residual server',
      version,
      description: 'ResNets behind the Open Inference Protocol v2, and pictures in, answers out.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    security: [{}, { token: [] }],
    paths: {
      '/v2': get('The server', 'Server'),
      '/v2/health/live': get('Whether the server runs', 'Live'),
      '/v2/health/ready': get('Whether every model can answer', 'Ready', { 503: error('It is not ready') }),
      ...modelPaths('/v2/models/{model}', [parameter('path', 'model')]),
      ...modelPaths('/v2/models/{model}/versions/{version}', [
        parameter('path', 'model'),
        parameter('path', 'version'),
      ]),
      '/v2/models/stats': get('Statistics of all models', 'Statistics'),
      '/v2/repository/index': {
        post: operation('Every model that is there or could be', 'Index', { body: 'IndexRequest' }),
      },
      '/v2/repository/models/{model}/load': change('Load a model, or load it again'),
      '/v2/repository/models/{model}/unload': change('Take a model out'),
      '/v1/classify': pictures('The likeliest classes of each picture', 'Classified', 'top', 'How many classes'),
      '/v1/embed': pictures('The embedding of each picture', 'Embedded'),
      '/v1/explain': pictures(
        'Where the network sees a class in each picture',
        'Explained',
        'target',
        'A class, by name or index',
      ),
      '/metrics': { get: { summary: 'Metrics', responses: { 200: { description: 'Text for Prometheus' } } } },
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas },
  };
}

const text = { type: 'string' };
const number = { type: 'number' };
const whole = { type: 'integer' };
const list = (items: object): object => ({ type: 'array', items });
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const record = (properties: Record<string, object>, required: readonly string[] = Object.keys(properties)): object => ({
  type: 'object',
  properties,
  required,
});
const parameters = { type: 'object' };
const tensor = { name: text, datatype: text, shape: list(whole) };
const duration = record({ count: whole, ns: whole });
const durations = (...names: string[]): object => record(Object.fromEntries(names.map((name) => [name, duration])));
const results = (result: object): object => record({ model: text, version: text, results: list(result) });
const prediction = record({ index: whole, label: text, score: number });

const schemas = {
  Error: record({ error: text }),
  Server: record({ name: text, version: text, extensions: list(text) }),
  Live: record({ live: { type: 'boolean' } }),
  Ready: record({ ready: { type: 'boolean' } }),
  ModelReady: record({ name: text, ready: { type: 'boolean' } }),
  Model: record({
    name: text,
    versions: list(text),
    platform: text,
    inputs: list(record(tensor)),
    outputs: list(record(tensor)),
  }),
  InferRequest: record(
    {
      id: text,
      parameters,
      inputs: list(record({ ...tensor, parameters, data: list({}) }, ['name', 'datatype', 'shape'])),
      outputs: list(record({ name: text, parameters }, ['name'])),
    },
    ['inputs'],
  ),
  InferResponse: record(
    {
      model_name: text,
      model_version: text,
      id: text,
      outputs: list(
        record({ ...tensor, parameters, data: list({ type: ['number', 'string', 'null'] }) }, Object.keys(tensor)),
      ),
    },
    ['model_name', 'outputs'],
  ),
  Statistics: record({
    model_stats: list(
      record({
        name: text,
        version: text,
        last_inference: whole,
        inference_count: whole,
        execution_count: whole,
        inference_stats: durations('success', 'fail', 'queue', 'compute_input', 'compute_infer', 'compute_output'),
        batch_stats: list(record({ batch_size: whole, compute_infer: duration })),
      }),
    ),
  }),
  IndexRequest: record({ ready: { type: 'boolean' } }, []),
  Index: list(record({ name: text, version: text, state: text, reason: text })),
  Images: record({ images: list({ type: 'string', contentEncoding: 'base64' }) }),
  Classified: results(record({ top: list(prediction) })),
  Embedded: results(record({ embedding: list(number) })),
  Explained: results(
    record(
      {
        target: prediction,
        method: text,
        layer: text,
        map: record({ width: whole, height: whole, data: list(number) }),
      },
      ['target', 'method', 'map'],
    ),
  ),
};

function json(name: string): object {
  return { 'application/json': { schema: ref(name) } };
}

function error(description: string): object {
  return { description, content: json('Error') };
}

interface OperationParts {
  readonly body?: string;
  readonly parameters?: readonly object[];
  readonly others?: Readonly<Record<number, object>>;
}

function operation(
  summary: string,
  answer: string | undefined,
  { body, parameters, others }: OperationParts = {},
): object {
  return {
    summary,
    ...(parameters && { parameters }),
    ...(body !== undefined && { requestBody: { content: json(body) } }),
    responses: {
      200: { description: summary, ...(answer !== undefined && { content: json(answer) }) },
      ...others,
      default: error('What is wrong, in a line'),
    },
  };
}

function get(summary: string, answer: string, others: Readonly<Record<number, object>> = {}): object {
  return { get: operation(summary, answer, { others }) };
}

function parameter(place: 'path' | 'query', name: string, description?: string): object {
  return {
    name,
    in: place,
    required: place === 'path',
    schema: text,
    ...(description !== undefined && { description }),
  };
}

function modelPaths(path: string, of: readonly object[]): Record<string, object> {
  const others = {
    503: error('Too much waits; Retry-After says when to come again'),
    504: error('It would come too late'),
  };
  return {
    [path]: { get: operation('A model: its inputs and outputs', 'Model', { parameters: of }) },
    [`${path}/ready`]: { get: operation('Whether a model can answer', 'ModelReady', { parameters: of }) },
    [`${path}/stats`]: { get: operation('Statistics of a model', 'Statistics', { parameters: of }) },
    [`${path}/infer`]: {
      post: operation('Run the network', 'InferResponse', { parameters: of, body: 'InferRequest', others }),
    },
  };
}

function change(summary: string): object {
  return { post: operation(summary, undefined, { parameters: [parameter('path', 'model')] }) };
}

function pictures(summary: string, answer: string, option?: string, description?: string): object {
  const query = [parameter('query', 'model', 'Needed where several are served'), parameter('query', 'version')];
  const parameters = option === undefined ? query : [...query, parameter('query', option, description)];
  const file = { schema: { type: 'string', format: 'binary' } };
  const content = {
    'image/*': file,
    'application/octet-stream': file,
    'multipart/form-data': { schema: { type: 'object', additionalProperties: { type: 'string', format: 'binary' } } },
    ...json('Images'),
  };
  return { post: { ...operation(summary, answer, { parameters }), requestBody: { required: true, content } } };
}
