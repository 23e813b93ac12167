import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * Encoded protobuf fields in pieces, to be written one after another: weights are handed through, never copied, since a
 * message that nests them five deep would copy them five times.
 */
export interface Encoded {
  readonly sizeBytes: number;
  readonly chunks: readonly Uint8Array[];
}

/** Fields of one message, or of several that are written one after another. */
export function fields(...parts: readonly Encoded[]): Encoded {
  return {
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    chunks: parts.flatMap((part) => part.chunks),
  };
}

/** An int32, int64, enum or bool field. */
export function integer(field: number, value: number | boolean): Encoded {
  return small(new BinaryWriter().tag(field, WireType.Varint).int64(Number(value)));
}

export function float(field: number, value: number): Encoded {
  return small(new BinaryWriter().tag(field, WireType.Bit32).float(value));
}

export function text(field: number, value: string): Encoded {
  return small(new BinaryWriter().tag(field, WireType.LengthDelimited).string(value));
}

/** Refers to `value`, which must stay as it is until it is written. */
export function bytes(field: number, value: Uint8Array): Encoded {
  return message(field, { sizeBytes: value.byteLength, chunks: [value] });
}

export function message(field: number, content: Encoded): Encoded {
  return fields(small(new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(content.sizeBytes)), content);
}

/** A `repeated` int field, packed. */
export function integers(field: number, values: readonly number[]): Encoded {
  const writer = new BinaryWriter();
  for (const value of values) writer.int64(value);
  return message(field, small(writer));
}

/** A `map<string, …>` field. */
export function entries(field: number, map: Iterable<readonly [key: string, value: Encoded]>): Encoded {
  return fields(...[...map].map(([key, value]) => message(field, fields(text(1, key), message(2, value)))));
}

/** The chunks, those that are small put together. */
export function joined({ chunks }: Encoded): Uint8Array[] {
  const result: Uint8Array[] = [];
  let writer = new BinaryWriter();
  let sizeBytes = 0;
  const flush = () => {
    if (sizeBytes > 0) result.push(writer.finish());
    writer = new BinaryWriter();
    sizeBytes = 0;
  };
  for (const chunk of chunks) {
    if (chunk.byteLength > SMALL_BYTES) {
      flush();
      result.push(chunk);
    } else {
      writer.raw(chunk);
      sizeBytes += chunk.byteLength;
    }
  }
  flush();
  return result;
}

const SMALL_BYTES = 4096;

function small(writer: BinaryWriter): Encoded {
  const chunk = writer.finish();
  return { sizeBytes: chunk.byteLength, chunks: [chunk] };
}
