/** Python where no option names another. */
export function defaultPython(): string {
  return process.env['RESIDUAL_PYTHON'] ?? 'python3';
}

/** A core type that was set for another BLAS may not suit Python's. */
export function pythonEnvironment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _, ...rest } = process.env;
  return rest;
}
