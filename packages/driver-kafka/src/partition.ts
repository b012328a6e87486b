const SEED = 0x9747b28c
const M = 0x5bd1e995

/**
 * The partition, of so many, where the clients of Java put a record with this key. Every key has one home whatever library
 * writes it: the default partitioners of libraries disagree about half of all keys.
 */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** MurmurHash2 of 32 bits as in Kafka's `Utils.murmur2`, as a signed number. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  const whole = length & ~3
  let h = SEED ^ length
  for (let i = 0; i < whole; i += 4) h = Math.imul(h, M) ^ mixed(word(bytes, i, 4))
  const rest = length - whole
  if (rest > 0) h = Math.imul(h ^ word(bytes, whole, rest), M)
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}

function mixed(k: number): number {
  const scrambled = Math.imul(k, M)
  return Math.imul(scrambled ^ (scrambled >>> 24), M)
}

/** Little endian, of 1 to 4 bytes. */
function word(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = 0; i < count; i++) value |= (bytes[at + i] ?? 0) << (8 * i)
  return value
}
