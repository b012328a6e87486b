import { createClient, json, queue, rpc, type StandardSchema, topic } from '@spanwire/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kubemq } from '../src/index.js'
import { eventually } from './rig/eventually.js'
import { server } from './rig/link.js'

interface Note {
  readonly n: number
}

const here = { environment: 'on-prem' } as const
const note = json as StandardSchema<Note>
const flashes = topic('flashes', note)
const ticks = topic('ticks', note, { delivery: 'durable' })
const jobs = queue('jobs', note)
const double = rpc('double', note, note)

describe.each([['SIGTERM'], ['SIGKILL']] as const)('a server that comes back after %s', (signal) => {
  it.each([['while nobody sends'], ['under traffic']] as const)(
    'is used again by every pattern, %s',
    async (when) => {
      const node = await server()
      const sites = { one: { location: here, driver: kubemq(), endpoints: [node.endpoint] } }
      const [reader, writer] = [createClient({ here, sites }), createClient({ here, sites })]
      onTestFinished(
        async () => void (await Promise.all([reader.close({ timeout: '1s' }), writer.close({ timeout: '1s' })])),
      )
      const seen = { flashes: new Set<number>(), ticks: [] as number[], jobs: new Set<number>() }
      const [flashing, ticking] = [reader.subscribe(flashes), reader.subscribe(ticks)]
      void (async () => {
        for await (const { value } of flashing) seen.flashes.add(value.n)
      })()
      void (async () => {
        for await (const { value } of ticking) seen.ticks.push(value.n)
      })()
      const worker = reader.consume(jobs, ({ n }) => void seen.jobs.add(n))
      const responder = reader.respond(double, ({ n }) => ({ n: 2 * n }))
      await Promise.all([flashing.ready, ticking.ready, worker.ready, responder.ready])
      const acked: number[] = []
      let [isOver, last] = [false, 0]
      const send = async (n: number): Promise<void> => {
        await Promise.all([
          writer.publish(flashes, { n }, { timeout: '30s' }),
          writer.publish(ticks, { n }, { timeout: '30s' }).then(() => acked.push(n)),
          writer.send(jobs, { n }, { timeout: '30s' }),
        ])
      }
      const traffic = async (): Promise<void> => {
        while (!isOver) await send(++last)
      }
      await send(++last)
      const sending = when === 'under traffic' ? traffic() : Promise.resolve()
      await (signal === 'SIGTERM' ? node.terminate() : node.kill())
      await node.restart()
      isOver = true
      await sending
      const from = last
      // Live ones and one job may be gone with the server; what is sent from here on is not.
      await eventually(
        'each pattern has gone on',
        async () => {
          await send(++last)
          // Who asks before the responder is back is told nothing until its deadline.
          const { n } = await writer.request(double, { n: 21 }, { timeout: '500ms' })
          expect(n).toBe(42)
          return (
            [...seen.flashes].some((n) => n > from) && [...seen.jobs].some((n) => n > from) && seen.ticks.includes(last)
          )
        },
        20_000,
      )
      expect(acked.filter((n) => !seen.ticks.includes(n))).toEqual([])
      expect(new Set(seen.ticks).size).toBe(seen.ticks.length)
    },
    60_000,
  )
})
