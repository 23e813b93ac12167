import { toNchw } from '../../runners/onnx-session.ts';
import { offerPage } from './offer-page.ts';

offerPage(async ({ onnxUrl, sizePx }) => {
  const { env, InferenceSession, Tensor } = await import('onnxruntime-web/webgpu');
  env.wasm.wasmPaths = new URL('/onnxruntime-web/', location.href).href;
  return async () => {
    const session = await InferenceSession.create(onnxUrl, { executionProviders: ['webgpu'] });
    let last: { picture: Float32Array; image: InstanceType<typeof Tensor> } | undefined;
    return {
      device: 'WebGPU provider',
      async run(picture) {
        if (last?.picture !== picture) {
          last = { picture, image: new Tensor('float32', toNchw(picture, 1, sizePx), [1, 3, sizePx, sizePx]) };
        }
        const { logits } = await session.run({ image: last.image });
        return logits!.data as Float32Array;
      },
    };
  };
});
