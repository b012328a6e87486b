import type { Delivery, Link } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../driver/test/eventually.js'
import { patience, queue, textOf } from '../../driver/test/talk.js'
import { fresh, linkTo, numbered, pull, sendAll, server } from './rig/link.js'
import { peer } from './rig/peer.js'

/** `SPANWIRE_FULL=1`: ten times as many of all. */
const TIMES = process.env['SPANWIRE_FULL'] === '1' ? 10 : 1
const QUEUES = 20
const EACH = 1_000 * TIMES
const BACKLOG = 20_000 * TIMES
/** What two processes that consume one queue may lose and double, of all (docs/semantics.md). */
const MAX_LOST = 0.002
const MAX_DOUBLED = 0.1
const QUIET_MS = 20_000

/** Takes from a queue with so many workers, acknowledges all, and gives what came. */
async function workers(link: Link, name: string, count: number, came: string[]): Promise<void> {
  for (let at = 0; at < count; at++) {
    const channel = await link.open(queue(name), patience())
    const reception = await channel.receive({}, { messages: 20, bytes: 1 << 20 }, patience())
    const each = (one: Delivery): Promise<void> => {
      came.push(textOf(one))
      return one.settle('ack').catch(() => undefined)
    }
    void pull(reception, Number.POSITIVE_INFINITY, each).catch(() => undefined)
  }
}

async function filled(link: Link, name: string): Promise<void> {
  for (let from = 0; from < BACKLOG; from += 500) await sendAll(link, queue(name), numbered(500, from))
}

/** Resolves when all have come, or nothing has for so long. */
async function over(came: readonly string[]): Promise<void> {
  let [before, since] = [0, performance.now()]
  const isOver = async (): Promise<boolean> => {
    if (came.length !== before) [before, since] = [came.length, performance.now()]
    return hasAll(came, BACKLOG) || performance.now() - since > QUIET_MS
  }
  await eventually('nothing more comes', isOver, 200_000 * TIMES)
}

function hasAll(came: readonly string[], count: number): boolean {
  return came.length >= count && new Set(came).size === count
}

describe(`as often as it comes by itself (${peer})`, { timeout: 300_000 * TIMES }, () => {
  it('a request without an answer is unknown, and its message is there as all others are', async () => {
    const { endpoint } = await server()
    const link = await linkTo(endpoint)
    const tally = { done: 0, unknown: 0 }
    const round = async (): Promise<void> => {
      const name = fresh('jobs')
      for (let at = 0; at < EACH; at++) {
        const [outcome] = await sendAll(link, queue(name), numbered(1, at))
        if (outcome?.outcome !== 'done' && outcome?.outcome !== 'unknown') throw new Error(`${outcome?.outcome}`)
        tally[outcome.outcome] += 1
      }
      const came: string[] = []
      await workers(link, name, 1, came)
      await eventually('all have come', async () => hasAll(came, EACH), 60_000 * TIMES)
    }
    await Promise.all(Array.from({ length: QUEUES }, round))
    console.log(`${peer}: ${QUEUES * EACH} requests, ${tally.unknown} without an answer, none lost`)
    expect(tally.done + tally.unknown).toBe(QUEUES * EACH)
  })

  it('a backlog that four workers of one link share is neither lost nor doubled', async () => {
    const { endpoint } = await server()
    const [link, name] = [await linkTo(endpoint), fresh('jobs')]
    await filled(link, name)
    const came: string[] = []
    await workers(link, name, 4, came)
    await over(came)
    console.log(`${peer}: one link, ${BACKLOG} jobs, ${came.length - new Set(came).size} doubled`)
    expect(new Set(came).size).toBe(BACKLOG)
    expect(came.length - BACKLOG).toBeLessThanOrEqual(TIMES)
  })

  it('a backlog that two links share stays within the documented limit', async () => {
    const { endpoint } = await server()
    const name = fresh('jobs')
    await filled(await linkTo(endpoint), name)
    const came: string[] = []
    for (const _ of [1, 2]) await workers(await linkTo(endpoint), name, 1, came)
    await over(came)
    const lost = BACKLOG - new Set(came).size
    const doubled = came.length - new Set(came).size
    console.log(`${peer}: two links, ${BACKLOG} jobs, ${lost} lost, ${doubled} doubled`)
    expect(lost).toBeLessThanOrEqual(BACKLOG * MAX_LOST)
    expect(doubled).toBeLessThanOrEqual(BACKLOG * MAX_DOUBLED)
  })
})
