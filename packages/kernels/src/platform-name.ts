/** This machine's name in napi-rs's convention, e.g. `linux-x64-gnu`: the suffix of the package with its addon. */
export function platformName(): string {
  const { platform, arch } = process;
  if (platform === 'linux') {
    const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    return `linux-${arch}-${report.header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`;
  }
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}
