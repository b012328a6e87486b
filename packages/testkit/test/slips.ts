import type { Batch, Driver, Outgoing, Reception } from '@spanwire/driver'
import { MessagingError } from '@spanwire/driver'
import { plantChannel, plantLink } from './plant.js'

/** The longer slips of the planted drivers. */

export const done = { outcome: 'done' } as const
export const error = new MessagingError('unavailable', 'a planted error with some words')

export function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ''] as [string, string]] : []))
}

type ChannelPlant = Parameters<typeof plantChannel>[0]

export function sumIsLimited(...[channel]: Parameters<ChannelPlant>): ReturnType<ChannelPlant> {
  return {
    send(batch, report) {
      const sum = batch.reduce((bytes, one) => bytes + one.body.length, 0)
      if (sum <= channel.can.maxBytes) return channel.send(batch, report)
      for (const index of batch.keys()) report(index, { outcome: 'refused', error })
      return () => {}
    },
  }
}

export function backwards(...[channel]: Parameters<ChannelPlant>): ReturnType<ChannelPlant> {
  const last = (batch: readonly Outgoing[]) => batch.length - 1
  return {
    send: (batch, report) =>
      channel.send([...batch].reverse(), (index, outcome) => report(last(batch) - index, outcome)),
  }
}

export function onePositionBehind() {
  let previous: string | undefined
  return (one: { position(): string | undefined }) => {
    const own = one.position()
    const position = previous ?? own
    previous = own
    return { position: () => position }
  }
}

export function beatsByTimer(reception: Reception): Partial<Reception> {
  let pending: Promise<Batch | undefined> | undefined
  return {
    next() {
      pending ??= reception.next().finally(() => {
        pending = undefined
      })
      const beat = new Promise<Batch>((resolve) => setTimeout(() => resolve({ deliveries: [] }), reception.beatMs))
      return Promise.race([pending, beat])
    },
  }
}

/** Pulls ahead, and acks what is left over when it is stopped. */
export function losesTheTail(reception: Reception): Partial<Reception> {
  const ahead: Batch[] = []
  let wake = () => {}
  const pump = (async () => {
    for (let batch = await reception.next(); batch !== undefined; batch = await reception.next()) {
      ahead.push(batch)
      wake()
    }
  })()
  const over = pump.then(() => 'over' as const)
  return {
    async next() {
      while (ahead.length === 0) {
        const more = new Promise<'more'>((resolve) => {
          wake = () => resolve('more')
        })
        if ((await Promise.race([more, over])) === 'over') return undefined
      }
      return ahead.shift()
    },
    async stop(signal) {
      const lost = ahead.splice(0).flatMap((batch) => batch.deliveries)
      await Promise.all(lost.map((one) => one.settle('ack')))
      await reception.stop(signal)
    },
  }
}

export function repeated(batch: Batch): Batch {
  return { ...batch, deliveries: [...batch.deliveries, ...batch.deliveries] }
}

/** Says done at once, writes a moment later, and forgets to at close. */
export function buffersBeyondDone(): (driver: Driver) => Driver {
  return (driver) => {
    const timers = new Set<ReturnType<typeof setTimeout>>()
    const lazy = plantChannel((channel) => ({
      send(batch, report) {
        timers.add(setTimeout(() => channel.send(batch, () => {}), 5))
        for (const index of batch.keys()) report(index, done)
        return () => {}
      },
    }))
    const forgetful = plantLink((link) => ({
      close(signal) {
        for (const timer of timers) clearTimeout(timer)
        return link.close(signal)
      },
    }))
    return forgetful(lazy(driver))
  }
}
