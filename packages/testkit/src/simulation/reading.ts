import type { ClientEvent, Topic } from '@spanwire/core'
import type { Actor } from './acting.js'
import type { Body } from './play.js'
import type { Reading } from './record.js'

/** Subscribes and writes down what it is given, until the result is called. */
export function read(
  actor: Actor,
  topic: Topic<`${string}.{symbol}`, Body, Body>,
  order: Reading['order'],
): () => Promise<void> {
  const { client, host } = actor.machine
  const { journal, name } = actor
  const reading: Reading = {
    machine: name,
    channel: topic.name,
    order,
    readyMs: Number.POSITIVE_INFINITY,
    leftMs: Number.POSITIVE_INFINITY,
    given: [],
    gaps: [],
    closed: [],
    dropped: 0,
  }
  journal.records.readings.push(reading)
  const subscription = client.subscribe(topic, {}, { order, overflow: 'wait' })
  subscription.ready.then(
    () => {
      reading.readyMs = host.runtime.now()
      journal.note(`${name} reads ${topic.name}`)
    },
    (error) => journal.note(`${name} cannot read ${topic.name}: ${error}`),
  )
  void (async () => {
    for await (const one of subscription) {
      const { source, seq, late, again, uncertain, site, path } = one
      const { token } = one.value
      reading.given.push({ token, path, atMs: host.runtime.now(), site, source, seq, late, again, uncertain })
      journal.note(`${name} got ${topic.name} ${token} ${source ?? ''}.${seq ?? ''} of ${site}${late ? ' late' : ''}`)
    }
  })()
  return async () => {
    reading.leftMs = host.runtime.now()
    await subscription.stop()
  }
}

/** Writes down what the client says of itself. */
export function listen(actor: Actor): void {
  void (async () => {
    for await (const event of actor.machine.client.watch()) hear(actor, event)
  })()
}

function hear(actor: Actor, event: ClientEvent): void {
  const { journal, name, machine } = actor
  const { records } = journal
  const atMs = machine.host.runtime.now()
  switch (event.type) {
    case 'site':
      records.states.push({ machine: name, site: event.site, to: event.to, atMs, reason: event.reason })
      journal.note(`${name} sees ${event.site} ${event.from} -> ${event.to}: ${event.reason}`)
      break
    case 'moved':
      records.moves.push({ machine: name, channel: event.channel, from: event.from, to: event.to, atMs })
      journal.note(`${name} moves ${event.channel} ${event.from} -> ${event.to}`)
      break
    case 'gap': {
      const { source, first, last, reason } = event
      of(actor, event.channel)?.gaps.push({ source, first, last, atMs, reason })
      journal.note(`${name} misses ${event.channel} ${source}.${first}-${last}: ${reason}`)
      break
    }
    case 'gap-closed':
      of(actor, event.channel)?.closed.push({ source: event.source, seq: event.seq, atMs })
      journal.note(`${name} misses no more ${event.channel} ${event.source}.${event.seq}`)
      break
    default:
      journal.note(`${name} hears ${event.type} ${'channel' in event ? event.channel : ''}`)
  }
}

/** One subscription per channel and machine at a time. */
function of(actor: Actor, channel: string): Reading | undefined {
  const name = channel.split('.')[0]
  return actor.journal.records.readings.findLast(
    (reading) => reading.machine === actor.name && reading.channel === name && reading.leftMs > 1e15,
  )
}
