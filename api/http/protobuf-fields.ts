import protobuf from 'protobufjs/minimal.js';

const magic = 'k8s\0';

/** The object in a body that a client of Kubernetes sent as protobuf (`runtime.Unknown.raw`); undefined if it is in another form. */
export function protobufObject(body: Buffer): Uint8Array | undefined {
  if (body.subarray(0, magic.length).toString('latin1') !== magic) return undefined;
  return fieldOf(body.subarray(magic.length), 2);
}

/** The bytes of the last field of this number in a message; none if it is not there. @throws Error for what is not a message */
export function fieldOf(message: Uint8Array, wanted: number): Uint8Array {
  return fieldsOf(message, wanted).at(-1) ?? new Uint8Array();
}

/** The bytes of all fields of this number in a message. @throws Error for what is not a message */
export function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = protobuf.Reader.create(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === ((wanted << 3) | 2)) found.push(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return found;
}
