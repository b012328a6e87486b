import { toUtf8 } from './utf8.js'

/**
 * Kafka's murmur2 over the UTF-8 of a text, as a signed 32-bit number: a key lands where Kafka's own default
 * partitioner would put it. Source: org.apache.kafka.common.utils.Utils.murmur2.
 */
export function murmur2(text: string): number {
  const data = toUtf8(text)
  const whole = data.length & ~3
  let hash = 0x9747b28c ^ data.length
  for (let at = 0; at < whole; at += 4) {
    const word = Math.imul(wordAt(data, at), MIX)
    hash = Math.imul(hash, MIX) ^ Math.imul(word ^ (word >>> 24), MIX)
  }
  if (whole < data.length) hash = Math.imul(hash ^ wordAt(data, whole), MIX)
  hash = Math.imul(hash ^ (hash >>> 13), MIX)
  return hash ^ (hash >>> 15)
}

const MIX = 0x5bd1e995

/** Four bytes, the lowest first; zeros behind the end. */
function wordAt(data: Uint8Array, at: number): number {
  const byte = (offset: number) => (data[at + offset] ?? 0) << (8 * offset)
  return byte(0) | byte(1) | byte(2) | byte(3)
}
