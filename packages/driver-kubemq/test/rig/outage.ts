import { setTimeout as elapse } from 'node:timers/promises'
import { type Client, createClient, json, queue, rpc, type StandardSchema, text, topic } from '@spanwire/core'
import type { EngineNode } from '@spanwire/testkit/engines'
import { expect, type TestContext } from 'vitest'
import { eventually } from '../../../driver/test/eventually.js'
import { kubemq } from '../../src/index.js'
import { ownServer } from './link.js'

interface Note {
  readonly n: number
}

const here = { environment: 'on-prem' } as const
const note = json as StandardSchema<Note>
const flashes = topic('flashes', note)
const ticks = topic('ticks', note, { delivery: 'durable' })
const jobs = queue('jobs', note)
/** A query and a command, whose answer has no body. */
const [double, stop] = [rpc('double', note, note), rpc('stop', note, text)]

/** What is waited for beyond the outage itself. */
const PATIENCE_MS = 30_000
/** A Get that waits at the server when it ends takes one message that it is asked for later, and nobody gets it. */
const MAX_LOST_JOBS = 1

export interface Outage {
  readonly by: 'SIGTERM' | 'SIGKILL'
  readonly downMs: number
  readonly when: 'while nobody sends' | 'under traffic'
}

/** Ends the server, starts it again so much later, and expects that every pattern goes on by itself, of clients that nobody touches. */
export async function outlast({ by, downMs, when }: Outage, test: TestContext): Promise<void> {
  const node = await ownServer(test)
  const [reader, writer] = [clientOf(node, test), clientOf(node, test)]
  const seen = await listen(reader)
  const sender = new Sender(writer, downMs + PATIENCE_MS)
  await sender.send()
  const sending = when === 'under traffic' ? sender.traffic() : Promise.resolve()
  await (by === 'SIGTERM' ? node.terminate() : node.kill())
  await elapse(downMs)
  await node.restart()
  sender.isOver = true
  await sending
  const from = sender.last
  const goneOn = async (): Promise<boolean> => {
    await sender.send()
    // Who asks before the responder is back is told nothing until its deadline.
    expect(await writer.request(double, { n: 21 }, { timeout: '500ms' })).toEqual({ n: 42 })
    expect(await writer.request(stop, { n: 1 }, { timeout: '500ms' })).toBe('')
    const isNew = (n: number): boolean => n > from
    return [...seen.flashes].some(isNew) && [...seen.jobs].some(isNew) && seen.ticks.includes(sender.last)
  }
  await eventually('each pattern has gone on', goneOn, PATIENCE_MS)
  await eventually('the jobs are done', async () => missing(sender.jobs, seen.jobs) <= MAX_LOST_JOBS, PATIENCE_MS)
  expect(missing(sender.ticks, new Set(seen.ticks))).toBe(0)
  expect(new Set(seen.ticks).size).toBe(seen.ticks.length)
}

function missing(acked: readonly number[], seen: ReadonlySet<number>): number {
  return acked.filter((n) => !seen.has(n)).length
}

function clientOf({ endpoint }: EngineNode, test: TestContext): Client {
  const driver = kubemq({ commands: ['stop'] })
  const client = createClient({ here, sites: { one: { location: here, driver, endpoints: [endpoint] } } })
  test.onTestFinished(() => client.close({ timeout: '1s' }))
  return client
}

async function listen(reader: Client) {
  const seen = { flashes: new Set<number>(), ticks: [] as number[], jobs: new Set<number>() }
  const [flashing, ticking] = [reader.subscribe(flashes), reader.subscribe(ticks)]
  void (async () => {
    for await (const { value } of flashing) seen.flashes.add(value.n)
  })()
  void (async () => {
    for await (const { value } of ticking) seen.ticks.push(value.n)
  })()
  const worker = reader.consume(jobs, ({ n }) => void seen.jobs.add(n))
  const responders = [reader.respond(double, ({ n }) => ({ n: 2 * n })), reader.respond(stop, () => '')]
  await Promise.all([flashing, ticking, worker, ...responders].map(({ ready }) => ready))
  return seen
}

/** Sends one after the other, and knows what was acknowledged. */
class Sender {
  last = 0
  isOver = false
  readonly ticks: number[] = []
  readonly jobs: number[] = []
  readonly #writer: Client
  readonly #how: { readonly timeout: `${number}ms` }

  constructor(writer: Client, timeoutMs: number) {
    this.#writer = writer
    this.#how = { timeout: `${timeoutMs}ms` }
  }

  async send(): Promise<void> {
    this.last += 1
    const n = this.last
    await Promise.all([
      this.#writer.publish(flashes, { n }, this.#how),
      this.#writer.publish(ticks, { n }, this.#how).then(() => this.ticks.push(n)),
      this.#writer.send(jobs, { n }, this.#how).then(() => this.jobs.push(n)),
    ])
  }

  async traffic(): Promise<void> {
    while (!this.isOver) await this.send()
  }
}
