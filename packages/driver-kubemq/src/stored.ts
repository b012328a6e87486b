import type { Channel } from '@spanwire/driver'
import { incapable } from './errors.js'
import { type Log, readLog } from './log.js'
import type { Opened } from './opened.js'
import { encoderOf } from './outlet.js'
import type { Publishing } from './publishing.js'
import { sendEach } from './sending.js'

/** A topic on KubeMQ's Events Store: all paths on one channel, as the store has no wildcards. */
export function storedChannel(opened: Opened, publishing: Publishing, log: Log): Channel {
  const { wire, spec, can } = opened
  const encode = encoderOf(opened)
  return {
    can,
    send: (batch, report) =>
      sendEach(wire, batch, report, (message, index, open) => {
        if (message.ttlMs !== undefined) throw incapable(spec.name, 'let a message expire')
        if (message.delayMs) throw incapable(spec.name, 'delay a message')
        publishing.send(encode(message), message.id, open, index)
        log.hasEvents = true
      }),
    receive: (...wanted) => readLog(opened, log, wanted),
    async probe(signal) {
      await wire.ping(signal, `A probe of ${spec.name}`)
    },
  }
}
