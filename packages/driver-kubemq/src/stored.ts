import type { Channel } from '@spanwire/driver'
import { incapable } from './errors.js'
import { readLog } from './log.js'
import type { Opened } from './opened.js'
import { encoderOf } from './outlet.js'
import type { Publishing } from './publishing.js'
import { sendEach } from './sending.js'
import type { Log } from './sent.js'

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
        const id = message.id ?? wire.freshId()
        publishing.send(encode(message), id, open, index)
        log.sent(id)
      }),
    receive: (...wanted) => readLog(opened, log, wanted),
    probe: (signal) => wire.probe(spec.name, signal),
  }
}
