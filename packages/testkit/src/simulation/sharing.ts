import type { Topic } from '@spanwire/core'
import type { Actor } from './acting.js'
import type { Body } from './play.js'
import type { Share } from './record.js'

/** A member stays for so long and then is away for so long, on average, ms. */
const STAYS_MS = 90_000
const AWAY_MS = 8_000
/** How long it takes to handle a message at most, ms. */
const TAKES_MS = 200

/** Reads as a member of the group, leaves it now and then and joins it again, until the result is called: from then on it stays. */
export function share(actor: Actor, topic: Topic<`${string}.{symbol}`, Body, Body>): () => void {
  const { dice, machine } = actor
  const { runtime } = machine.host
  let isOver = false
  let leaves = (): void => {}
  const join = (): void => {
    const isLeaving = new AbortController()
    if (!isOver) leaves = runtime.after(-Math.log(1 - dice.next()) * STAYS_MS, () => isLeaving.abort())
    void read(actor, topic, isLeaving.signal).then(() => {
      // Otherwise its client is closed.
      if (isLeaving.signal.aborted) runtime.after(dice.next() * 2 * AWAY_MS, join)
    })
  }
  join()
  return () => {
    isOver = true
    leaves()
  }
}

/** Leaves between two messages, or where it waits for one. */
async function read(
  { dice, journal, machine, name }: Actor,
  topic: Topic<`${string}.{symbol}`, Body, Body>,
  isLeaving: AbortSignal,
): Promise<void> {
  const { client, host } = machine
  const { runtime } = host
  const member = { machine: name, readyMs: Number.POSITIVE_INFINITY, leftMs: Number.POSITIVE_INFINITY }
  const place = journal.records.members.push(member)
  const subscription = client.subscribe(topic, {}, { group: 'clerks', signal: isLeaving })
  subscription.ready.then(
    () => {
      member.readyMs = runtime.now()
      journal.note(`${name} shares ${topic.name}`)
    },
    (error) => journal.note(`${name} cannot share ${topic.name}: ${error}`),
  )
  for await (const { again, late, seq, site, source, uncertain, value } of subscription) {
    const { token } = value
    const said = { token, atMs: runtime.now(), site, source, seq, late, again, uncertain }
    const one: Share = { machine: name, member: place, ...said, handledMs: Number.POSITIVE_INFINITY }
    journal.records.shares.push(one)
    journal.note(
      `${name} shares ${topic.name} ${token} ${source ?? ''}.${seq ?? ''} of ${site}${again ? ' again' : ''}`,
    )
    await new Promise<void>((resolve) => void runtime.after(dice.next() * TAKES_MS, resolve))
    // Handled it is when the next one is asked for (R37).
    if (isLeaving.aborted) break
    one.handledMs = runtime.now()
  }
  member.leftMs = runtime.now()
  journal.note(`${name} leaves ${topic.name}`)
}
