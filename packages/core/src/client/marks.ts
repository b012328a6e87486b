import type { ChannelSpec, Delivery } from '@spanwire/driver'
import { type Marks, marksChannel, type Void } from '../departure/voids.js'
import { type Attachment, attach } from '../session/attachment.js'
import type { Context } from './context.js'

type Listener = (source: string, first: number, last: number) => void

/** One listener per contract on each site, shared by all readings of it. */
export interface MarksListener {
  readonly listeners: Set<Listener>
  readonly attachments: readonly Attachment[]
}

const FLOW = { messages: 256, bytes: 1 << 20 }

/** Live, because a void that nobody hears is said again; without parameters, because one message speaks of many lanes. */
export function marksSpec(name: string): ChannelSpec {
  return { name: marksChannel(name), params: 0, kind: 'topic', keep: 'live', latest: false }
}

/** Hears the voids of a contract at the given sites (R6, R15). The result stops listening. */
export function listenMarks(context: Context, name: string, sites: readonly string[], listener: Listener): () => void {
  const shared = context.marks.get(name) ?? start(context, name, sites)
  shared.listeners.add(listener)
  return () => {
    shared.listeners.delete(listener)
    if (shared.listeners.size > 0 || context.marks.get(name) !== shared) return
    context.marks.delete(name)
    for (const attachment of shared.attachments) void attachment.stop(AbortSignal.abort())
  }
}

function start(context: Context, name: string, sites: readonly string[]): MarksListener {
  const listeners = new Set<Listener>()
  const tell = (delivery: Delivery): void => {
    for (const [source, first, last] of voidsOf(delivery)) for (const one of listeners) one(source, first, last)
  }
  const attachments = sites.map((site) =>
    attach(context.session(site), marksSpec(name), {
      runtime: context.runtime,
      flow: FLOW,
      source: () => ({ start: { at: 'now' } }),
      onBatch: (batch) => batch.deliveries.forEach(tell),
      onState: () => undefined,
    }),
  )
  const shared = { listeners, attachments }
  context.marks.set(name, shared)
  return shared
}

/** Strangers may write there: what does not read as voids says nothing. */
function voidsOf(delivery: Delivery): readonly Void[] {
  try {
    const text = typeof delivery.body === 'string' ? delivery.body : new TextDecoder().decode(delivery.body)
    const marks = JSON.parse(text) as Partial<Marks>
    return Array.isArray(marks.voids) ? marks.voids.filter(isVoid) : []
  } catch {
    return []
  }
}

function isVoid(what: unknown): what is Void {
  return (
    Array.isArray(what) && typeof what[0] === 'string' && Number.isSafeInteger(what[1]) && Number.isSafeInteger(what[2])
  )
}
