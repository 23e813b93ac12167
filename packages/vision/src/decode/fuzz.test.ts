import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFormatRows } from '../../golden/format-rows.ts';
import { DecodeError } from '../decode-error.ts';
import { decodeImage } from '../decode-file.ts';

const rows = readFormatRows();
const names = rows.map(({ format, variation }) => `${format}, ${variation}`);

test('damaged files of every kind give pixels or a DecodeError, in bounded time and memory', async () => {
  const mutation = fc.record({
    row: fc.constantFrom(...rows.keys()),
    // Half of the changes fall on the header.
    at: fc.array(fc.tuple(fc.boolean(), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    }),
    length: fc.constantFrom(1, 1, 0.9, 0.5, 0.2),
  });
  const before = process.memoryUsage().rss;
  await fc.assert(
    fc.asyncProperty(mutation, async ({ row, at, length }) => {
      const bytes = rows[row]!.file.slice(0, Math.ceil(rows[row]!.file.length * length));
      for (const [isHead, where, value] of at)
        bytes[Math.floor(where * (isHead ? Math.min(64, bytes.length) : bytes.length))] = value;
      const outcome = await decodeImage(bytes, { maxPixels: 1e6, orient: row % 2 === 0 }).catch(
        (error: unknown) => error,
      );
      if (DecodeError.isInstance(outcome)) return;
      if (outcome instanceof Error) throw new Error(`${names[row]}: ${outcome.stack}`);
      const { width, height, data } = outcome as Awaited<ReturnType<typeof decodeImage>>;
      expect(data.length).toBe(width * height * 3);
    }),
    { numRuns: 2000 },
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
});
