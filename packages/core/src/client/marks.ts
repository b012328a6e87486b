import type { Delivery } from '@spanwire/driver'
import { marksSpec, type Said, type Void } from '../departure/marks.js'
import { type Attachment, attach } from '../session/attachment.js'
import type { Context } from './context.js'

/** What a publisher says of one source. */
export interface Saying {
  /** First and last of runs that will never come. */
  voids?: (readonly [first: number, last: number])[]
  /** At `timeMs` all up to `high` had ended. */
  mark?: { readonly high: number; readonly timeMs: number }
  /** It says no more. */
  isOver?: true
}

/** Who hears what publishers say of their sources. */
export interface MarksReader {
  /** What one message says, by source. */
  hear(sayings: ReadonlyMap<string, Saying>): void
}

/** One reception per contract on each site, shared by all readings of it. */
export interface MarksListener {
  readonly readers: Set<MarksReader>
  readonly attachments: Map<string, Attachment>
}

const FLOW = { messages: 256, bytes: 1 << 20 }

/** Hears the marks and voids of a contract (R6, R15, R16), from now on at these sites, for all readings of it. */
export function listenMarks(context: Context, name: string, sites: readonly string[], reader: MarksReader): void {
  const shared = context.marks.get(name) ?? { readers: new Set(), attachments: new Map() }
  context.marks.set(name, shared)
  shared.readers.add(reader)
  follow(context, name, shared, sites)
}

/** Hears no more of them. */
export function leaveMarks(context: Context, name: string, reader: MarksReader): void {
  const shared = context.marks.get(name)
  if (shared === undefined || !shared.readers.delete(reader) || shared.readers.size > 0) return
  context.marks.delete(name)
  follow(context, name, shared, [])
}

function follow(
  context: Context,
  name: string,
  { attachments, readers }: MarksListener,
  sites: readonly string[],
): void {
  for (const [site, attachment] of attachments) {
    if (sites.includes(site)) continue
    attachments.delete(site)
    void attachment.stop(AbortSignal.abort())
  }
  for (const site of sites) {
    if (attachments.has(site)) continue
    const attachment = attach(context.session(site), marksSpec(name), {
      runtime: context.runtime,
      flow: FLOW,
      source: () => ({ start: { at: 'now' } }),
      onBatch: (batch) => {
        for (const delivery of batch.deliveries) {
          const sayings = sayingsIn(delivery)
          for (const reader of readers) reader.hear(sayings)
        }
      },
      onState: () => undefined,
    })
    attachments.set(site, attachment)
  }
}

function sayingsIn(delivery: Delivery): ReadonlyMap<string, Saying> {
  const said = saidIn(delivery)
  const sayings = new Map<string, Saying>()
  const of = (source: string): Saying => {
    const saying = sayings.get(source) ?? {}
    sayings.set(source, saying)
    return saying
  }
  for (const [source, first, last] of entries(said?.voids, isVoid)) {
    const saying = of(source)
    saying.voids ??= []
    saying.voids.push([first, last])
  }
  for (const [publisher, timeMs = 0, ...rest] of entries(said?.marks, isNumbered))
    for (let at = 0; at + 1 < rest.length; at += 2)
      of(`${publisher}${rest[at]}`).mark = { high: rest[at + 1] ?? 0, timeMs }
  for (const [publisher, ...lanes] of entries(said?.ends, isNumbered))
    for (const lane of lanes) of(`${publisher}${lane}`).isOver = true
  return sayings
}

/** Strangers may write there: what does not read as ours says nothing. */
function saidIn({ body }: Delivery): Partial<Said> | undefined {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
    const said: unknown = JSON.parse(text)
    return typeof said === 'object' && said !== null ? said : undefined
  } catch {
    return undefined
  }
}

function entries<Entry>(said: unknown, isOne: (what: unknown) => what is Entry): readonly Entry[] {
  return Array.isArray(said) ? said.filter(isOne) : []
}

function isVoid(what: unknown): what is Void {
  return isNumbered(what) && what.length === 3
}

function isNumbered(what: unknown): what is readonly [publisher: string, ...numbers: number[]] {
  if (!Array.isArray(what) || typeof what[0] !== 'string') return false
  return what.every((one, at) => at === 0 || (Number.isSafeInteger(one) && one >= 0))
}
