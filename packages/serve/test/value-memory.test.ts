import { describe, expect, test } from 'vitest';
import { mayTakeTooMuch } from '../src/grpc/message-memory.ts';
import { serviceDefinition } from '../src/grpc/service-definition.ts';
import { mayTakeTooMuch as jsonMayTakeTooMuch } from '../src/protocol/json-memory.ts';
import { bytesOf, field, repeated } from './wire-bytes.ts';

const NUMBERS_OF_PICTURE = 224 * 224 * 3;
const MANY = 3e6;

/** Tags of an input, of what is in it, and of what is in its contents. */
const INPUT = '2a';
const SHAPE = '1a';
const CONTENTS = '2a';

function inContents(tag: string, bytes: Uint8Array): Buffer {
  return field(INPUT, field(CONTENTS, field(tag, bytes)));
}

describe('JSON', () => {
  test.each([
    ['flat', '200,'.repeat(74 * NUMBERS_OF_PICTURE), false],
    ['flat, one picture more', '200,'.repeat(75 * NUMBERS_OF_PICTURE), true],
    ['nested by pixels', `[${'[200,200,200],'.repeat(224)}],`.repeat(37 * 224), false],
    ['nested by pixels, one picture more', `[${'[200,200,200],'.repeat(224)}],`.repeat(38 * 224), true],
    ['as a file in base64', `{"data":["${'A'.repeat(60 * 2 ** 20)}"]}`, false],
    ['as many files', `"${'A'.repeat(50)}",`.repeat(1e6), false],
  ])('pictures: %s', (_, json, tooMuch) => {
    expect(jsonMayTakeTooMuch(Buffer.from(json))).toBe(tooMuch);
  });
});

describe('a ModelInferRequest', () => {
  const { requestSerialize } = serviceDefinition()['ModelInfer']!;

  test('with all fields, as protobufjs writes them, is counted', () => {
    const parameters = {
      flag: { bool_param: true },
      least: { int64_param: -(2 ** 60) },
      text: { string_param: 'é' },
      double: { double_param: 0.5 },
      most: { uint64_param: 2 ** 63 },
    };
    const contents = {
      bool_contents: [true],
      int_contents: [-1, 2 ** 31 - 1],
      int64_contents: [-1, 2 ** 60],
      uint_contents: [2 ** 32 - 1],
      uint64_contents: [2 ** 63],
      fp32_contents: [0.5],
      fp64_contents: [0.5],
      bytes_contents: [Buffer.alloc(300)],
    };
    const request = {
      model_name: 'net',
      model_version: '1',
      id: 'q',
      parameters,
      inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 224], parameters, contents }],
      outputs: [{ name: 'logits', parameters }],
      raw_input_contents: [Buffer.alloc(300)],
    };
    expect(mayTakeTooMuch(requestSerialize(request))).toBe(false);
  });

  test.each([
    ['raw', field('3a', Buffer.alloc(60 * 2 ** 20, 0xff))],
    ['as fp32_contents', inContents('32', Buffer.alloc(64 * NUMBERS_OF_PICTURE * 4))],
    ['as uint_contents of 200', inContents('22', repeated('c8 01', 64 * NUMBERS_OF_PICTURE))],
    ['as files', inContents('42', Buffer.alloc(60 * 2 ** 20))],
  ])('of 64 pictures passes: %s', (_, request) => {
    expect(mayTakeTooMuch(request)).toBe(false);
  });

  test.each([
    ['inputs', repeated('2a 00', MANY)],
    ['raw contents', repeated('3a 00', MANY)],
    ['parameters', repeated('22 00', MANY)],
    ['sizes of a shape', field(INPUT, field(SHAPE, Buffer.alloc(4e6)))],
    ['64-bit numbers', inContents('2a', Buffer.alloc(4e6, 1))],
    ['numbers of one byte', inContents('22', Buffer.alloc(12e6, 1))],
    ['files', field(INPUT, field(CONTENTS, repeated('42 00', MANY)))],
  ])('that would take too much is told: %s', (_, request) => {
    expect(mayTakeTooMuch(request)).toBe(true);
  });

  // protobufjs reads some of these, and otherwise than their wire types say.
  test.each([
    ['a group', '7b 7c'],
    ['inputs as groups', '2b 00'],
    ['the end of a group', '2c'],
    ['wire type 6', '2e 00'],
    ['an input as a varint', '28 00'],
    ['text as a varint', '08 00'],
    ['a flag with a length', '22 08 0a 01 61 12 03 0a 01 00'],
    ['a flag of six bytes', '22 0c 0a 01 61 12 07 08 80 80 80 80 80 00'],
    ['a shape that is not packed', '2a 02 18 01'],
    ['a length of 2 ** 32', '2a 80 80 80 80 10'],
    ['a length of six bytes', '2a 80 80 80 80 80 00'],
    ['a tag of 2 ** 32 and more', 'aa 80 80 80 10 00'],
    ['a tag of nine bytes', 'aa 80 80 80 80 80 80 80 00 00'],
    ['a length beyond the end', '2a 09'],
    ['a length beyond its message', '2a 02 0a 01 00'],
    ['a tag without its value', '2a'],
    ['fixed bytes beyond the end', '51 00 00'],
    ['a varint of eleven bytes', '50 80 80 80 80 80 80 80 80 80 80 00'],
    ['numbers that never end', '2a 0e 2a 0c 22 0a ff ff ff ff ff ff ff ff ff ff'],
    ['a number beyond its list', '2a 05 2a 03 22 01 80'],
  ])('with other bytes is refused: %s', (_, hex) => {
    expect(() => mayTakeTooMuch(bytesOf(hex))).toThrow(/^expected .+, got /);
  });
});
