/** What is known of an adapter holds for this driver, this browser and these shaders. */
export function deviceKey({ adapterInfo }: GPUDevice, about: string, code = ''): string {
  // `driver` is there in Dawn and behind a flag in Chromium; a browser's update brings what else changes.
  const { vendor, architecture, device, description, driver } = adapterInfo as GPUAdapterInfo & { driver?: string };
  const browser = (globalThis.navigator as Navigator | undefined)?.userAgent;
  return [about, vendor, architecture, device, description, driver ?? '', browser ?? '', hash(code)].join(' | ');
}

/** FNV-1a of 32 bits. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value >>> 0).toString(16);
}
