export default {
  // The development server would move the packages away from the files beside their code.
  optimizeDeps: { exclude: ['@residual/kernels', '@residual/weights-cifar10'] },
  build: { target: 'esnext' },
  worker: { format: 'es' },
};
