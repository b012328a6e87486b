import type { Broker } from './broker.js'
import { wallNs } from './clock.js'
import { RECORD } from './journal.js'
import { enqueue, NO_ATTRIBUTES, NO_POLICY } from './queueing.js'

/** How often the server looks whether a delay is over: messages come 0 to 500 ms late (5.4). */
const LOOK_MS = 500

/** Sends what is due, in the order of its times. Gives what ends it. */
export function watchDelays(broker: Broker): () => void {
  const timer = setInterval(() => sendDue(broker), LOOK_MS)
  return () => clearInterval(timer)
}

function sendDue(broker: Broker): void {
  const now = wallNs()
  const due = [...broker.delayed.values()].filter(({ dueNs }) => dueNs < now)
  due.sort((a, b) => (a.dueNs < b.dueNs ? -1 : Number(a.dueNs > b.dueNs)))
  for (const { message } of due) {
    broker.delayed.delete(message.messageId)
    broker.journal()?.append(RECORD.due, 0n, Buffer.from(message.messageId))
    enqueue(broker, {
      ...message,
      attributes: NO_ATTRIBUTES,
      policy: { ...(message.policy ?? NO_POLICY), delaySeconds: 0 },
    })
  }
}
