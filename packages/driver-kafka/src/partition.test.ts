import { compatibilityPartitioner } from '@platformatic/kafka'
import { Partitioners } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { vectors } from '../vectors/murmur2.json'
import { murmur2, partitionOf } from './partition.js'

describe('where a key lives', () => {
  it.each(vectors)('$key is where the clients of Java put it', ({ key, murmur2: hash, partitions }) => {
    const bytes = Buffer.from(key, 'hex')
    expect(murmur2(bytes)).toBe(hash)
    for (const [count, home] of Object.entries(partitions)) expect(partitionOf(bytes, Number(count))).toBe(home)
  })

  it('is where both libraries put it when they are told to agree with Java', () => {
    for (const { key, partitions } of vectors) {
      const bytes = Buffer.from(key, 'hex')
      expect(byKafkajs(bytes, 6)).toBe(partitions['6'])
      // Its own takes no key of no bytes for one, and gives the sum before it is cut down to the partitions.
      if (key !== '')
        expect(compatibilityPartitioner({ topic: 't', key: bytes, value: '' }, bytes) % 6).toBe(partitions['6'])
    }
  })
})

function byKafkajs(key: Buffer, count: number): number {
  const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    leader: 1,
    partitionErrorCode: 0,
    replicas: [1],
    isr: [1],
  }))
  return Partitioners.DefaultPartitioner()({ topic: 't', partitionMetadata, message: { key, value: '' } })
}
