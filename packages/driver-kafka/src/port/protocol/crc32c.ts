/** Of the polynomial of Castagnoli, eight tables to take eight bytes at a step. */
const tables: readonly Int32Array[] = makeTables()

/** The checksum of a batch of records. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as readonly [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ]
  const at = (i: number): number => bytes[i] ?? 0
  let crc = -1
  let i = from
  for (; i + 8 <= to; i += 8) {
    const low = crc ^ (at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24))
    crc =
      look(t7, low) ^
      look(t6, low >>> 8) ^
      look(t5, low >>> 16) ^
      look(t4, low >>> 24) ^
      look(t3, at(i + 4)) ^
      look(t2, at(i + 5)) ^
      look(t1, at(i + 6)) ^
      look(t0, at(i + 7))
  }
  for (; i < to; i++) crc = (crc >>> 8) ^ look(t0, crc ^ at(i))
  return ~crc >>> 0
}

function look(table: Int32Array, index: number): number {
  return table[index & 0xff] ?? 0
}

function makeTables(): readonly Int32Array[] {
  const made = Array.from({ length: 8 }, () => new Int32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    set(made, 0, byte, crc)
  }
  for (let table = 1; table < 8; table++)
    for (let byte = 0; byte < 256; byte++) {
      const before = made[table - 1]?.[byte] ?? 0
      set(made, table, byte, (before >>> 8) ^ (made[0]?.[before & 0xff] ?? 0))
    }
  return made
}

function set(made: readonly Int32Array[], table: number, byte: number, value: number): void {
  const row = made[table]
  if (row !== undefined) row[byte] = value
}
