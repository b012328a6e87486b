import type { Channel, ChannelSpec, Reception } from '@spanwire/driver'
import { notHeld, type Terms } from '@spanwire/driver/kit'
import type { Worker } from './crew.js'
import { KubemqDelivery, type Received } from './delivery.js'
import { incapable } from './errors.js'
import type { Opened, Wanted } from './opened.js'
import type { QueueMessage } from './proto/kubemq.js'
import type { QueueSender } from './queue-sender.js'
import { type KubemqReception, receptionOf } from './reception.js'
import { sendEach } from './sending.js'
import { pathIn } from './tags.js'
import type { Taker } from './taker.js'
import type { How, Transaction } from './transaction.js'

type QueueSpec = Extract<ChannelSpec, { kind: 'queue' }>

/** What all channels of a link to one queue share. */
export interface QueueEnds {
  readonly sender: QueueSender
  /** The one who takes now. */
  taker(): Taker
}

/** A queue, all paths in it: KubeMQ's queues have no wildcards. */
export function queueChannel(opened: Opened<QueueSpec>, { sender, taker }: QueueEnds): Channel {
  const { wire, spec, can } = opened
  return {
    can,
    send: (batch, report) =>
      sendEach(
        wire,
        batch,
        report,
        (message, index, open) => sender.send(message, open, index),
        (open, index) => sender.forget(open, index),
      ),
    receive: (...wanted) => work(opened, taker, wanted),
    probe: (signal) => wire.probe(spec.name, signal),
  }
}

async function work(
  { wire, spec }: Opened<QueueSpec>,
  taker: () => Taker,
  [source, flow, signal]: Wanted,
): Promise<Reception> {
  if (source.paths) throw incapable(spec.name, 'be read by path')
  if (source.group !== undefined) throw incapable(spec.name, 'have groups beside its workers')
  // Whoever gives up meanwhile has not asked for messages yet.
  await wire.ping(signal, `Taking from ${spec.name}`)
  const mine = taker()
  const reception = receptionOf(wire, { flow, terms: termsOf(spec, mine) })
  const worker = workerOf(reception, spec)
  mine.join(worker)
  return reception.begin({
    refill: () => mine.wake(),
    leave: async (until) => {
      const left = mine.quit(worker)
      if (!until.aborted) await left
    },
  })
}

function termsOf(spec: QueueSpec, taker: Taker): Terms<KubemqDelivery> {
  const settle = ({ received }: KubemqDelivery, how: How): Promise<void> => {
    const { sequence, transaction } = received
    return transaction ? taker.settle(transaction, sequence, how) : Promise.reject(notHeld())
  }
  return {
    leaseMs: spec.leaseMs,
    takesBack: true,
    settle(delivery, how, release) {
      try {
        if (how !== 'ack')
          throw incapable(spec.name, 'body' in how ? 'take an answer' : 'give a message back for later')
        release()
      } catch (error) {
        return Promise.reject(error)
      }
      return settle(delivery, 'ack')
    },
    // The server keeps no time of its own: who hangs, holds for ever.
    extend: () => Promise.resolve(),
    giveBack(delivery, why) {
      settle(delivery, why === 'expired' ? 'nack' : 'back').catch(() => undefined)
    },
  }
}

function workerOf(reception: KubemqReception, { params }: QueueSpec): Worker {
  return {
    get room() {
      return reception.room
    },
    take(messages, transaction) {
      const now = performance.now()
      for (const message of messages) {
        reception.take(new KubemqDelivery(reception.origin, receivedOf(message, params, transaction)), now)
      }
    },
    lose() {
      reception.shelf.purge(() => false)
      reception.hold?.clear()
    },
    fail: (error) => reception.fail(error),
  }
}

function receivedOf(message: QueueMessage, params: number, transaction: Transaction): Received {
  const { messageId: id, body, metadata, tags, attributes } = message
  const { timestamp = 0n, sequence = 0n, receiveCount = 1 } = attributes ?? {}
  return {
    path: pathIn(tags, params),
    id,
    body,
    metadata,
    tags,
    timeNs: timestamp,
    sequence,
    attempt: Math.max(1, receiveCount),
    transaction,
  }
}
