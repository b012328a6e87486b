import type { Batch, Channel, Delivery, Driver, Link, Reception, Source } from '@spanwire/driver'

/** The same object, but for some members. Works over classes with private fields. */
export function like<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      if (key in changes) return Reflect.get(changes, key)
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

type Change<T> = (good: T) => Partial<T>

export function plantLink(change: Change<Link>): (driver: Driver) => Driver {
  return (driver) =>
    like(driver, {
      connect: async (...args) => {
        const link = await driver.connect(...args)
        return like(link, change(link))
      },
    })
}

/** `link`: the one that the channel was opened on. */
export function plantChannel(change: (good: Channel, link: Link) => Partial<Channel>): (driver: Driver) => Driver {
  return plantLink((link) => ({
    open: async (...args) => {
      const channel = await link.open(...args)
      return like(channel, change(channel, link))
    },
  }))
}

export function plantSource(change: (source: Source) => Source): (driver: Driver) => Driver {
  return plantChannel((channel) => ({
    receive: (source, ...rest) => channel.receive(change(source), ...rest),
  }))
}

export function plantReception(change: Change<Reception>): (driver: Driver) => Driver {
  return plantChannel((channel) => ({
    receive: async (...args) => {
      const reception = await channel.receive(...args)
      return like(reception, change(reception))
    },
  }))
}

/** `change` is made anew for each reception, so that it may remember. */
export function plantBatch(newChange: () => (batch: Batch) => Batch | 'skip'): (driver: Driver) => Driver {
  return plantReception((reception) => {
    const change = newChange()
    const next: Reception['next'] = async () => {
      const batch = await reception.next()
      const changed = batch && change(batch)
      return changed === 'skip' ? next() : changed
    }
    return { next }
  })
}

export function plantDelivery(newChange: () => Change<Delivery>): (driver: Driver) => Driver {
  return plantBatch(() => {
    const change = newChange()
    return (batch) => ({ ...batch, deliveries: batch.deliveries.map((one) => like(one, change(one))) })
  })
}
