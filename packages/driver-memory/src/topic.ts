import type { ChannelSpec, Outgoing, SendOutcome, Start } from '@spanwire/driver'
import { Audience } from './audience.js'
import { Entry } from './entry.js'
import { full, incapable } from './errors.js'
import type { Gate } from './gate.js'
import { Group } from './group.js'
import { LiveGroup } from './live-group.js'
import { Log } from './log.js'
import type { Settings } from './options.js'
import { DONE, refuse, Stored } from './outcomes.js'
import { type Filter, filterOf } from './paths.js'
import { Reading, type ReadingPlan } from './reading.js'
import type { Attached, Depth, Seat, Store } from './store.js'

export type TopicSpec = Extract<ChannelSpec, { kind: 'topic' }>

/** A topic: who listens now, what was published before (durable), the newest of each path (latest). */
export class Topic implements Store {
  readonly spec: TopicSpec
  readonly #gate: Gate
  readonly #settings: Settings
  readonly #log: Log | undefined
  readonly #latest: Map<string, Entry> | undefined
  readonly #audience: Audience = new Audience()
  readonly #groups: Map<string, Group> = new Map()
  readonly #liveGroups: Map<string, LiveGroup> = new Map()
  #readings = 0

  constructor(gate: Gate, settings: Settings, spec: TopicSpec, epoch: string) {
    this.spec = spec
    this.#gate = gate
    this.#settings = settings
    this.#log = spec.keep === 'durable' ? new Log(epoch, settings.retain) : undefined
    this.#latest = spec.latest ? new Map() : undefined
  }

  take(out: Outgoing): SendOutcome {
    const latest = this.#latest
    if (latest !== undefined && latest.size >= this.#settings.maxPaths && !latest.has(out.path)) {
      return refuse(full(this.spec.name, 'the number of paths that keep their newest message', this.#settings.maxPaths))
    }
    const now = out.ttlMs === undefined ? 0 : this.#gate.now()
    const stampMs = this.#gate.stamp()
    const entry = this.#log?.append(out, stampMs, now) ?? new Entry(out, stampMs, now)
    latest?.set(out.path, entry)
    for (const listener of this.#audience.at(out.path)) listener.push(entry)
    if (this.#groups.size > 0) for (const group of this.#groups.values()) group.desk.look()
    return this.#log === undefined ? DONE : new Stored(entry)
  }

  /** So many of the newest never reached the disk. What readers had of them, they have. */
  rollBack(count: number): void {
    const log = this.#log
    if (log === undefined) return
    log.rollBack(count)
    for (const group of this.#groups.values()) group.rollBack()
    const latest = this.#latest
    if (latest === undefined) return
    const torn = new Set([...latest].flatMap(([path, { index }]) => (index >= log.end ? [path] : [])))
    for (const path of torn) latest.delete(path)
    for (let index = log.first; index < log.end; index++) {
      const entry = log.at(index)
      if (entry !== undefined && torn.has(entry.path)) latest.set(entry.path, entry)
    }
  }

  attach(seat: Seat): Attached {
    const filter = filterOf(seat.source.paths, this.spec.params)
    const { group } = seat.source
    if (group === undefined) return this.#read(seat, filter)
    if (seat.source.start?.at === 'latest') throw incapable(this.spec.name, 'start a group at the latest messages')
    return this.#log === undefined ? this.#shareLive(seat, group) : this.#share(seat, group, this.#log)
  }

  depth(): Depth {
    let receptions = this.#readings
    let taken = 0
    for (const group of this.#groups.values()) {
      receptions += group.desk.members.length
      taken += group.desk.taken
    }
    for (const group of this.#liveGroups.values()) receptions += group.size
    const messages = this.#log === undefined ? (this.#latest?.size ?? 0) : this.#log.end - this.#log.first
    return { name: this.spec.name, kind: 'topic', messages, taken, delayed: 0, receptions }
  }

  dispose(): void {
    // Receptions and leases have ended with their links, or were failed.
  }

  #read(seat: Seat, filter: Filter | undefined): Reading {
    const { paths } = seat.source
    const reading = new Reading(this.#gate, {
      ...this.#plan(seat, filter, seat.source.start ?? { at: 'now' }),
      leave: () => {
        this.#audience.remove(reading, paths)
        this.#readings--
        seat.leave(reading)
      },
    })
    this.#audience.add(reading, paths)
    this.#readings++
    return reading
  }

  #plan(seat: Seat, filter: Filter | undefined, start: Start): Omit<ReadingPlan, 'leave'> {
    const { flow, beatMs } = seat
    const log = this.#log
    const snapshot = start.at === 'latest' ? this.#snapshot(filter) : []
    const plan = { flow, filter, beatMs, snapshot, waits: seat.can.waits }
    if (log === undefined) return plan
    const { from, expired } = begin(log, start)
    const history = { log, from }
    return expired ? { ...plan, history, lost: { reason: 'expired' } } : { ...plan, history }
  }

  /** In the order of publishing, so that each delivery's position is a resume point. */
  #snapshot(filter: Filter | undefined): readonly Entry[] {
    const newest = [...(this.#latest?.values() ?? [])]
    const wanted = filter === undefined ? newest : newest.filter((entry) => filter(entry.path))
    return wanted.sort((a, b) => a.index - b.index)
  }

  #share(seat: Seat, name: string, log: Log): Attached {
    const { source } = seat
    let group = this.#groups.get(name)
    if (group === undefined) {
      this.#checkGroups(this.#groups.size)
      group = new Group(this.#gate, log, begin(log, source.start ?? { at: 'now' }).from, this.#settings.groupLeaseMs)
      this.#groups.set(name, group)
    }
    return group.join(this.spec, seat)
  }

  /** Its members share the first one's filter. */
  #shareLive(seat: Seat, name: string): Attached {
    const there = this.#liveGroups.get(name)
    if (there !== undefined) return there.join(seat)
    this.#checkGroups(this.#liveGroups.size)
    const { paths } = seat.source
    const group = new LiveGroup(this.#gate, () => {
      this.#liveGroups.delete(name)
      this.#audience.remove(group, paths)
    })
    this.#liveGroups.set(name, group)
    this.#audience.add(group, paths)
    return group.join(seat)
  }

  #checkGroups(count: number): void {
    if (count >= this.#settings.maxChannels) {
      throw full(this.spec.name, 'the number of its groups', this.#settings.maxChannels)
    }
  }
}

/** Where a reader begins, and whether some of what it asked for has expired without a number of it. */
function begin(log: Log, start: Start): { readonly from: number; readonly expired: boolean } {
  switch (start.at) {
    case 'now':
    case 'latest':
      return { from: log.end, expired: false }
    case 'beginning':
      return { from: 0, expired: false }
    case 'time':
      return { from: log.sinceTime(start.timeMs), expired: log.hasExpiredSince(start.timeMs) }
    case 'position':
      return { from: log.after(start.position), expired: false }
    default:
      return start satisfies never
  }
}
