import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader';

type Fields = Readonly<Record<string, readonly [type: string, id: number, rule?: 'repeated' | string]>>;

/** A message: its fields by name, with type, number and `repeated`; a rule of another name is the key type of a map. */
function message(fields: Fields, nested: Readonly<Record<string, unknown>> = {}, oneofs?: object): object {
  const described = Object.entries(fields).map(([name, [type, id, rule]]) => {
    if (rule === undefined) return [name, { type, id }];
    return [name, rule === 'repeated' ? { type, id, rule } : { type, id, keyType: rule }];
  });
  return { fields: Object.fromEntries(described), nested, ...(oneofs !== undefined && { oneofs }) };
}

/** A call: what it takes and gives is called as it is. */
function call(name: string, request: string = name, response: string = name): [string, object] {
  return [name, { requestType: `${request}Request`, responseType: `${response}Response` }];
}

const parameters: readonly [string, number, string] = ['InferParameter', 4, 'string'];
const tensor: Fields = { name: ['string', 1], datatype: ['string', 2], shape: ['int64', 3, 'repeated'] };
const contents: Fields = { ...tensor, parameters, contents: ['InferTensorContents', 5] };
const durations = (...names: string[]): Fields =>
  Object.fromEntries(names.map((name, index) => [name, ['StatisticDuration', index + 1]] as const));

const inference: Readonly<Record<string, object>> = {
  ServerLiveRequest: message({}),
  ServerLiveResponse: message({ live: ['bool', 1] }),
  ServerReadyRequest: message({}),
  ServerReadyResponse: message({ ready: ['bool', 1] }),
  ModelReadyRequest: message({ name: ['string', 1], version: ['string', 2] }),
  ModelReadyResponse: message({ ready: ['bool', 1] }),
  ServerMetadataRequest: message({}),
  ServerMetadataResponse: message({
    name: ['string', 1],
    version: ['string', 2],
    extensions: ['string', 3, 'repeated'],
  }),
  ModelMetadataRequest: message({ name: ['string', 1], version: ['string', 2] }),
  ModelMetadataResponse: message(
    {
      name: ['string', 1],
      versions: ['string', 2, 'repeated'],
      platform: ['string', 3],
      inputs: ['TensorMetadata', 4, 'repeated'],
      outputs: ['TensorMetadata', 5, 'repeated'],
    },
    { TensorMetadata: message(tensor) },
  ),
  InferParameter: message(
    {
      bool_param: ['bool', 1],
      int64_param: ['int64', 2],
      string_param: ['string', 3],
      double_param: ['double', 4],
      uint64_param: ['uint64', 5],
    },
    {},
    {
      parameter_choice: { oneof: ['bool_param', 'int64_param', 'string_param', 'double_param', 'uint64_param'] },
    },
  ),
  InferTensorContents: message({
    bool_contents: ['bool', 1, 'repeated'],
    int_contents: ['int32', 2, 'repeated'],
    int64_contents: ['int64', 3, 'repeated'],
    uint_contents: ['uint32', 4, 'repeated'],
    uint64_contents: ['uint64', 5, 'repeated'],
    fp32_contents: ['float', 6, 'repeated'],
    fp64_contents: ['double', 7, 'repeated'],
    bytes_contents: ['bytes', 8, 'repeated'],
  }),
  ModelInferRequest: message(
    {
      model_name: ['string', 1],
      model_version: ['string', 2],
      id: ['string', 3],
      parameters,
      inputs: ['InferInputTensor', 5, 'repeated'],
      outputs: ['InferRequestedOutputTensor', 6, 'repeated'],
      raw_input_contents: ['bytes', 7, 'repeated'],
    },
    {
      InferInputTensor: message(contents),
      InferRequestedOutputTensor: message({ name: ['string', 1], parameters: ['InferParameter', 2, 'string'] }),
    },
  ),
  ModelInferResponse: message(
    {
      model_name: ['string', 1],
      model_version: ['string', 2],
      id: ['string', 3],
      parameters,
      outputs: ['InferOutputTensor', 5, 'repeated'],
      raw_output_contents: ['bytes', 6, 'repeated'],
    },
    { InferOutputTensor: message(contents) },
  ),
  RepositoryIndexRequest: message({ repository_name: ['string', 1], ready: ['bool', 2] }),
  RepositoryIndexResponse: message(
    { models: ['ModelIndex', 1, 'repeated'] },
    {
      ModelIndex: message({ name: ['string', 1], version: ['string', 2], state: ['string', 3], reason: ['string', 4] }),
    },
  ),
  RepositoryModelLoadRequest: message({ repository_name: ['string', 1], model_name: ['string', 2] }),
  RepositoryModelLoadResponse: message({}),
  RepositoryModelUnloadRequest: message({ repository_name: ['string', 1], model_name: ['string', 2] }),
  RepositoryModelUnloadResponse: message({}),
  ModelStatisticsRequest: message({ name: ['string', 1], version: ['string', 2] }),
  ModelStatisticsResponse: message({ model_stats: ['ModelStatistics', 1, 'repeated'] }),
  StatisticDuration: message({ count: ['uint64', 1], ns: ['uint64', 2] }),
  InferStatistics: message(durations('success', 'fail', 'queue', 'compute_input', 'compute_infer', 'compute_output')),
  InferBatchStatistics: message({ batch_size: ['uint64', 1], compute_infer: ['StatisticDuration', 3] }),
  ModelStatistics: message({
    name: ['string', 1],
    version: ['string', 2],
    last_inference: ['uint64', 3],
    inference_count: ['uint64', 4],
    execution_count: ['uint64', 5],
    inference_stats: ['InferStatistics', 6],
    batch_stats: ['InferBatchStatistics', 7, 'repeated'],
  }),
  GRPCInferenceService: {
    methods: Object.fromEntries([
      call('ServerLive'),
      call('ServerReady'),
      call('ModelReady'),
      call('ServerMetadata'),
      call('ModelMetadata'),
      call('ModelInfer'),
      call('RepositoryIndex'),
      call('RepositoryModelLoad'),
      call('RepositoryModelUnload'),
      call('ModelStatistics'),
    ]),
  },
};

/**
 * The protocol's service, with Triton's calls for repository and statistics; the fields are those of the published files.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
 * @see https://github.com/triton-inference-server/common/blob/main/protobuf/grpc_service.proto
 */
export function serviceDefinition(): ServiceDefinition {
  const loaded = fromJSON({ nested: { inference: { nested: inference } } } as Parameters<typeof fromJSON>[0], {
    keepCase: true,
    longs: Number,
    defaults: true,
    oneofs: true,
  });
  return loaded['inference.GRPCInferenceService'] as ServiceDefinition;
}
