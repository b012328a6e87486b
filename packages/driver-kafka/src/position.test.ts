import { MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { parsePosition, textOfPosition } from './position.js'

describe('positions', () => {
  it.each([
    { log: 'c1/t1', offsets: [7, 0, 12] },
    { log: 'c1/t1', offsets: [undefined, undefined, 3] },
  ])('come back as they were: $offsets', (position) => {
    expect(parsePosition(textOfPosition(position), 'c1/t1')).toEqual(position)
  })

  it.each(['c2/t1|7,12', 'c1/t2|7,12', 'stream|17', '', 'c1/t1', 'c1/t1|7|x'])(
    'of another log or maker are a conflict: %s',
    (text) => {
      const parse = (): unknown => parsePosition(text, 'c1/t1')
      expect(parse).toThrow(MessagingError)
      expect(parse).toThrow(expect.objectContaining({ code: 'conflict', scope: 'channel', retryable: false }))
    },
  )
})
