import { describe, expect, it } from 'vitest'
import type { Failover, Happening, LogEntry, Move } from '../picture.js'
import { momentsOf } from './moments.js'

let ids = 0
const entry = (at: number, what: Happening | Failover | Move): LogEntry => ({ id: ids++, at, ...what })

const fault = (at: number): LogEntry =>
  entry(at, { kind: 'happening', text: 'process stopped by SIGSTOP', site: 'frankfurt', isFault: true })
const failover = (at: number, fields: Partial<Failover> = {}): LogEntry =>
  entry(at, {
    ...{ kind: 'failover', who: 'feed', site: 'frankfurt', reason: 'silent', lanes: 5 },
    ...{ firstSignAt: 900, suspectedAt: 2_500, detectedAt: 3_500 },
    ...fields,
  })
const move = (at: number, fields: Partial<Move> = {}): LogEntry =>
  entry(at, {
    ...{ kind: 'move', who: 'feed', from: 'frankfurt', to: 'dublin', reason: 'silent', lanes: 5, ms: 2_600 },
    ...fields,
  })

describe('the moments of the timeline', () => {
  it('tell a failover with its lanes as one thing, timed from the fault', () => {
    const [newest, ...rest] = momentsOf([fault(1_000), move(3_510), failover(3_520)], [], [])
    expect(newest).toMatchObject({
      text: 'Feed moved from Frankfurt to Dublin',
      detail: '5 lanes',
      lapse: { noticed: 1_500, givenUp: 2_500, switched: 2_520, moved: true },
    })
    expect(rest.map(({ text }) => text)).toEqual(['Frankfurt process stopped by SIGSTOP'])
  })

  it('time it from its first sign when nobody saw the fault', () => {
    expect(momentsOf([failover(3_520)], [], [])[0]?.lapse).toMatchObject({ noticed: 1_600, switched: 2_620 })
  })

  it('say when nothing had to move', () => {
    expect(momentsOf([fault(1_000), failover(3_520, { lanes: 0 })], [], [])[0]).toMatchObject({
      text: 'Feed left Frankfurt',
      detail: 'nothing had to move',
      lapse: { moved: false },
    })
  })

  it('tell lanes that leave a living site one by one as one move', () => {
    const reason = 'The gateway has no engine behind it'
    const moves = [10_000, 10_400, 10_900].map((at) => move(at, { lanes: 1, ms: 0, reason }))
    const [newest, ...rest] = momentsOf([fault(9_000), ...moves], [], [])
    expect(newest).toMatchObject({ text: 'Feed moved 3 lanes from Frankfurt to Dublin', lapse: { switched: 1_900 } })
    expect(rest).toHaveLength(1)
  })

  it('do not time a planned return', () => {
    const back = move(50_000, { from: 'dublin', to: 'frankfurt', reason: 'as planned: frankfurt is preferred', ms: 0 })
    expect(momentsOf([fault(49_000), back], [], [])[0]).not.toHaveProperty('lapse')
  })
})
