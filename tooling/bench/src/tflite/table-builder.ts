import { Builder } from 'flatbuffers';

/** Where in the file something lies, as FlatBuffers counts. */
export type Offset = number;

/** A field by its number in the table: a number of so many bits, or what `Offset` points to. */
export type Field = readonly [field: number, kind: 'int8' | 'int32' | 'offset', value: number];

/** Of vectors of bytes, so that runtimes can use the weights where they lie. */
const DATA_ALIGNMENT = 16;

/** FlatBuffers by field numbers, without classes generated from the schema. Leaves are written before what refers to them. */
export class TableBuilder {
  readonly #builder: Builder;

  constructor(sizeBytes: number) {
    this.#builder = new Builder(sizeBytes);
  }

  /** `int8`s are enumerations and flags, whose default is 0 in all that the writer fills. */
  table(...fields: readonly Field[]): Offset {
    const builder = this.#builder;
    builder.startObject(Math.max(-1, ...fields.map(([field]) => field)) + 1);
    for (const [field, kind, value] of fields) {
      if (kind === 'int8') builder.addFieldInt8(field, value, 0);
      else if (kind === 'int32') builder.addFieldInt32(field, value, null);
      else builder.addFieldOffset(field, value, 0);
    }
    return builder.endObject();
  }

  text(value: string): Offset {
    return this.#builder.createString(value);
  }

  ints(values: readonly number[]): Offset {
    this.#builder.startVector(4, values.length, 4);
    for (const value of [...values].reverse()) this.#builder.addInt32(value);
    return this.#builder.endVector();
  }

  offsets(values: readonly Offset[]): Offset {
    this.#builder.startVector(4, values.length, 4);
    for (const value of [...values].reverse()) this.#builder.addOffset(value);
    return this.#builder.endVector();
  }

  bytes(data: ArrayBufferView): Offset {
    this.#builder.prep(DATA_ALIGNMENT, data.byteLength);
    return this.#builder.createByteVector(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  finish(root: Offset, identifier: string): Uint8Array {
    this.#builder.finish(root, identifier);
    return this.#builder.asUint8Array();
  }
}
