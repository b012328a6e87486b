import { MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { parsePosition, textOfPosition } from './position.js'

describe('positions', () => {
  it.each([
    { cluster: 'c1', offsets: [7, 0, 12] },
    { cluster: 'c1', offsets: [undefined, undefined, 3] },
    { cluster: 'c1', offsets: [7, 12], last: { partition: 1, offset: 11, timeMs: 1_795_000_000_000 } },
  ])('come back as they were: $offsets', (position) => {
    expect(parsePosition(textOfPosition(position), 'c1')).toEqual(position)
  })

  it.each(['c2|7,12', 'stream|17', '', 'c1', 'c1|7|x'])('of another cluster or maker are a conflict: %s', (text) => {
    const parse = (): unknown => parsePosition(text, 'c1')
    expect(parse).toThrow(MessagingError)
    expect(parse).toThrow(expect.objectContaining({ code: 'conflict', scope: 'channel', retryable: false }))
  })
})
