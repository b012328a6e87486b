import { type Client, createClient, type Topic, topic } from '@spanwire/core'
import type { Channel, Driver, Link, Reception } from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { type Quote, schema } from './schema.js'

export const quotes = topic('quotes.{symbol}', schema<Quote>(), { delivery: 'durable', latest: true })

/** What crossed the seam to the engine since the start. */
export interface Wire {
  subscribes: number
  unsubscribes: number
}

/** One client of one engine. */
export interface Site {
  readonly engine: MemoryEngine
  readonly client: Client
  readonly wire: Wire
  /** Each under its own symbol `S0`, `S1`, ... */
  publish(count: number, bid: number): Promise<void>
}

/** A real client of a real engine in this process, with a count of what is subscribed to on `channel`. */
export function site(channel = 'quotes'): Site {
  const engine = createEngine({ name: 'fra' })
  const wire: Wire = { subscribes: 0, unsubscribes: 0 }
  const client = createClient({
    here: { environment: 'edge' },
    sites: {
      frankfurt: {
        location: { environment: 'on-prem' },
        driver: counting(memory(engine), channel, wire),
        endpoints: ['memory'],
      },
    },
  })
  const publish = async (count: number, bid: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, (_, at) => client.publish(quotes, { symbol: `S${at}`, bid })))
  }
  return { engine, client, wire, publish }
}

function counting(driver: Driver, name: string, wire: Wire): Driver {
  return { ...driver, connect: async (...dial) => countLink(await driver.connect(...dial), name, wire) }
}

function countLink(link: Link, name: string, wire: Wire): Link {
  const { engine, draining, ended } = link
  return {
    engine,
    draining,
    ended,
    probe: (signal) => link.probe(signal),
    close: (signal) => link.close(signal),
    open: async (spec, signal) => {
      const channel = await link.open(spec, signal)
      return spec.name === name ? countChannel(channel, wire) : channel
    },
  }
}

function countChannel(channel: Channel, wire: Wire): Channel {
  return {
    can: channel.can,
    send: (batch, report) => channel.send(batch, report),
    probe: (signal) => channel.probe(signal),
    receive: async (source, flow, signal) => {
      const reception = await channel.receive(source, flow, signal)
      wire.subscribes += 1
      return countReception(reception, wire)
    },
  }
}

function countReception(reception: Reception, wire: Wire): Reception {
  const { beatMs } = reception
  return {
    ...(beatMs === undefined ? {} : { beatMs }),
    next: () => reception.next(),
    adjust: (flow) => reception.adjust(flow),
    stop: (signal) => {
      wire.unsubscribes += 1
      return reception.stop(signal)
    },
  }
}

/** Puts messages of a made-up publisher straight into the engine: the only way to leave one out. */
export async function publisher(engine: MemoryEngine, contract: Topic): Promise<(seq: number, value: unknown) => void> {
  const signal = AbortSignal.timeout(1000)
  const link = await memory(engine).connect(
    ['memory'],
    { client: 'raw', nonce: 'A'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
    signal,
  )
  const channel = await link.open(contract.spec, signal)
  return (seq, value) => {
    const id = `${'A'.repeat(16)}-0.${seq}.${Date.now()}`
    channel.send([{ id, path: 'A', body: JSON.stringify(value) }], () => {})
  }
}
