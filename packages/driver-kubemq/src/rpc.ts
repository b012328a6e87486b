import type { Channel } from '@spanwire/driver'
import { incapable } from './errors.js'
import type { Opened } from './opened.js'
import { encoderOf } from './outlet.js'
import type { Requests } from './requests.js'
import { respond } from './respond.js'
import { sendEach } from './sending.js'

/** Queries, or commands where the options say so; a responder takes both. */
export function rpcChannel(opened: Opened, requests: Requests): Channel {
  const { wire, spec, can } = opened
  const encode = encoderOf(opened)
  return {
    can,
    send: (batch, report) =>
      sendEach(
        wire,
        batch,
        report,
        (message, index, open) => {
          if (message.delayMs) throw incapable(spec.name, 'delay a request')
          requests.send(spec.name, message, encode(message), open, index)
        },
        (open, index) => requests.forget(open, index),
      ),
    receive: (...wanted) => respond(opened, wanted),
    probe: (signal) => wire.probe(spec.name, signal),
  }
}
