import { describe, expect, it } from 'vitest'
import { addGroup, addQueue, addRequests, addTopic, areRequestsClean, isClean } from './arithmetic.mjs'
import { plants } from './planted.mjs'

type Line = Parameters<typeof addTopic>[0][number]

const line = (name: string, fields: object): Line => ({ name, ts: 0, pid: 1, ...fields })

/** What a producer and a consumer say of a run in which nothing went wrong. */
function run(count: number): { readonly produced: Line[]; readonly consumed: Line[] } {
  const messages = Array.from({ length: count }, (_, index) => {
    const n = Math.floor(index / 4) + 1
    const [p, key] = [index % 2, `k${Math.floor(index / 2) % 2}`]
    return { id: `m-${p}-${key}-${n}`, key, n, p, site: 'a' }
  })
  return {
    produced: messages.map((message) => line('producer_send_success', message)),
    consumed: messages.map((message) => line('record', { ...message, late: false, redelivered: false })),
  }
}

describe('the sums of a topic', () => {
  it('are clean when nothing went wrong', () => {
    const { consumed, produced } = run(3_000)
    const sum = addTopic(produced, consumed)
    expect(sum).toMatchObject({ sent: 3_000, acked: 3_000, delivered: 3_000, recovered: 0, late: 0 })
    expect(isClean(sum)).toBe(true)
  })

  it.each([
    ['drop', 'lost', 30],
    ['double', 'duplicated', 3],
    ['swap', 'reordered', 3],
    ['lie', 'belied', 3],
  ] as const)('find what the trick %s does', (name, field, times) => {
    const { consumed, produced } = run(3_000)
    const plant = plants[name]
    const trick = plant?.trick()
    const falsified = (lines: Line[]): Line[] =>
      lines[0]?.name === plant?.of ? lines.flatMap((one, index) => trick?.({ ...one }, index) as Line[]) : lines
    const sum = addTopic(falsified(produced), falsified(consumed))
    expect(sum[field]).toHaveLength(times)
    expect(isClean(sum)).toBe(false)
  })

  it('let a late message pass that says so', () => {
    const { consumed, produced } = run(8)
    const [first, ...rest] = consumed
    const sum = addTopic(produced, [...rest, { ...(first as Line), late: true }])
    expect(sum).toMatchObject({ late: 1, reordered: [] })
  })

  it('find what nobody sent, let what is unknown come or not, and count what another site gave', () => {
    const { consumed, produced } = run(8)
    const unknown = line('producer_send_error', { id: 'm-9-k0-1', outcome: 'unknown' })
    const stranger = line('record', { id: 'x', key: 'k0', n: 1, p: 7, site: 'a' })
    const moved = consumed.map((one, index) => (index < 3 ? { ...one, site: 'b' } : one))
    const sum = addTopic([...produced, unknown], [...moved, stranger])
    expect(sum).toMatchObject({ sent: 9, unknown: 1, lost: [], unexpected: ['x'], recovered: 3 })
  })

  it('count gaps that stay open', () => {
    const { consumed, produced } = run(8)
    const gap = line('gap', { source: 's', from: 3, to: 5, reason: 'lost' })
    const closed = line('gap_closed', { source: 's', from: 4, to: 4 })
    expect(addTopic(produced, [...consumed, gap, closed]).gaps).toBe(2)
  })
})

describe('the sums of a group', () => {
  it('let another member have a message as well, and the same one never', () => {
    const { consumed, produced } = run(8)
    const [one, two] = [consumed.slice(0, 5), consumed.slice(4)]
    const shared = addGroup(produced, [one, two])
    expect(shared).toMatchObject({ delivered: 8, redelivered: 1, duplicated: [], lost: [] })
    expect(isClean(shared)).toBe(true)
    const twice = addGroup(produced, [[...one, consumed[0] as Line], two])
    expect(twice.duplicated).toEqual([consumed[0]?.id])
  })

  it('find what no member was given', () => {
    const { consumed, produced } = run(8)
    expect(addGroup(produced, [consumed.slice(0, 3), consumed.slice(4)]).lost).toEqual([consumed[3]?.id])
  })
})

describe('the sums of a queue', () => {
  const sent = [line('producer_send_success', { id: 'j', site: 'a' })]
  const record = (redelivered: boolean): Line => line('record', { id: 'j', site: 'a', redelivered })
  const failing = line('record', { id: 'j', site: 'a', redelivered: false, fails: true })
  const settled = (how: string): Line => line('settled', { id: 'j', how })

  it.each([
    ['done at once', [[record(false), settled('ack')]], true],
    ['failed, and done by the same', [[failing, settled('retry'), record(true), settled('ack')]], true],
    ['taken over by another', [[record(false)], [record(true), settled('ack')]], true],
    ['done, which the engine never confirmed', [[record(false)]], true],
    ['never given', [[]], false],
    ['failed, and never given again', [[failing, settled('retry')]], false],
    ['given twice to one', [[record(false), record(true), settled('ack')]], false],
    [
      'given to two without a flag',
      [
        [record(false), settled('ack')],
        [record(false), settled('ack')],
      ],
      false,
    ],
  ])('of a job that is %s', (_, consumers, clean) => {
    expect(isClean(addQueue(sent, consumers))).toBe(clean)
  })

  it('tell a job that went with its site from a lost one', () => {
    expect(addQueue(sent, [[]], { destroyed: 'a' })).toMatchObject({ lost: [], destroyed: 1 })
    expect(addQueue(sent, [[]], { destroyed: 'b' })).toMatchObject({ lost: ['j'], destroyed: 0 })
  })

  it('tell jobs that a site keeps to itself from lost ones, as many as it has', () => {
    const both = [...sent, line('producer_send_success', { id: 'k', site: 'a' })]
    const withheld = { site: 'a', count: 1 }
    expect(addQueue(both, [[]], { withheld })).toMatchObject({ lost: ['k'], withheld: 1 })
    expect(addQueue(both, [[]], { withheld: { ...withheld, site: 'b' } })).toMatchObject({ lost: ['j', 'k'] })
  })

  it('tell what a forgetful site gave to two from what came twice elsewhere, or to one', () => {
    const two = [[record(false), settled('ack')], [record(false)]]
    expect(addQueue(sent, two, { forgetful: ['a'] })).toMatchObject({ duplicated: [], unflagged: 1 })
    expect(addQueue(sent, two, { forgetful: ['b'] })).toMatchObject({ duplicated: ['j'], unflagged: 0 })
    expect(addQueue(sent, [two.flat()], { forgetful: ['a'] })).toMatchObject({ duplicated: ['j'] })
  })
})

describe('the sums of requests', () => {
  const over = (sent: number): Line => line('shutdown_complete', { sent })
  const reply = line('reply', { id: 'r' })
  const error = (outcome: string): Line => line('request_error', { id: 'r', outcome })
  const executed = line('executed', { id: 'r' })

  it.each([
    ['answered', [reply, over(1)], [executed], true],
    ['perhaps run', [error('unknown'), over(1)], [executed], true],
    ['not sent', [error('not-sent'), over(1)], [], true],
    ['run although it was not sent', [error('not-sent'), over(1)], [executed], false],
    ['run twice', [reply, over(1)], [executed, executed], false],
    ['answered by nobody', [reply, over(1)], [], false],
    ['without an end', [over(1)], [], false],
  ])('of a request that is %s', (_, asked, runs, clean) => {
    expect(areRequestsClean(addRequests(asked, [runs], false))).toBe(clean)
  })

  it('let an idempotent one run in two processes, and in none twice', () => {
    const asked = [reply, over(1)]
    expect(addRequests(asked, [[executed], [executed]], true)).toMatchObject({ twice: [], again: 1 })
    expect(addRequests(asked, [[executed], [executed]], false)).toMatchObject({ twice: ['r'], again: 0 })
    expect(addRequests(asked, [[executed, executed]], true)).toMatchObject({ twice: ['r'] })
  })
})
