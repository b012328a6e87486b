import { type DrainNotice, type Link, MessagingError } from '@spanwire/driver'
import type { Item } from './agenda.js'
import { type Dial, Doors } from './doors.js'
import { cutOff, killed, unauthenticated } from './errors.js'
import type { Fault } from './gate.js'
import { type EngineOptions, type Settings, settings } from './options.js'
import { Places } from './places.js'
import type { Peeked } from './queue.js'
import type { Depth } from './store.js'
import { type EngineState, Turns } from './turns.js'

/** What an engine holds right now; all zero but the channels when nobody uses it. */
export interface EngineCounts {
  readonly links: number
  readonly channels: number
  readonly receptions: number
  /** Leases, delays, deadlines. */
  readonly due: number
}

/**
 * A messaging engine that lives in this process. Make it once, hand it to any number of drivers, and do to it what
 * happens to real ones. What the methods do is done when they return.
 */
export interface MemoryEngine {
  readonly name: string
  readonly state: EngineState
  /** As SIGKILL: every link ends at once, what was sent and not reported is `unknown`, connecting is refused. */
  kill(): void
  /** As SIGSTOP: sends stay open, waits wait, nobody gets a beat. Only from `running`. */
  hang(): void
  /** As SIGCONT: what was sent meanwhile is taken now. Only from `hung`. */
  heal(): void
  /**
   * `keep`: the same logs, jobs and places of groups, as a disk gives them back. `wipe`: an empty engine whose positions are
   * another log's. A number: as `keep`, but so many of the newest messages of each durable topic had not reached the disk;
   * the log says that it is the same, and gives their positions to others. Kills first if need be.
   */
  restart(how: { readonly data: 'keep' | 'wipe' | number }): void
  /** Asks the clients of all links to leave; after `withinMs` it ends these links. */
  drain(notice: DrainNotice): void
  /** Ends all links while the engine lives: `connection` as by a reset, `credentials` as if they had expired. */
  cut(what: 'connection' | 'credentials'): void
  /** Deletes a channel with what is in it: its receptions fail with `not-found`. False when there is none. */
  delete(channel: string): boolean
  /** Nobody may use this channel any more, existing or not: its receptions fail with `forbidden`, sends are refused. */
  revoke(channel: string): void
  /** Takes {@link MemoryEngine.revoke} back. */
  permit(channel: string): void
  /** Makes one channel ill, existing or not, while links and other channels are well; it has one illness at a time. */
  fault(channel: string, what: Exclude<Fault, 'forbidden'>): void
  /** Takes {@link MemoryEngine.fault} back: what a stalled channel was sent meanwhile is taken now. */
  cure(channel: string): void
  /** The oldest jobs of a queue, untouched. Empty when there is no such queue. */
  peek(queue: string, limit: number): readonly Peeked[]
  /** Every channel, by name. */
  depths(): readonly Depth[]
  counts(): EngineCounts
  /** What drivers call. As `Driver.connect`. */
  connect(dial: Dial, signal: AbortSignal): Promise<Link>
}

export function createEngine(options: EngineOptions = {}): MemoryEngine {
  const decided = settings(options)
  const turns = new Turns(decided.clock, decided.maxInbox)
  const places = new Places(turns, decided)
  return engineOf(decided, turns, places, new Doors(turns, decided, places))
}

function engineOf({ name }: Settings, turns: Turns, places: Places, doors: Doors): MemoryEngine {
  return {
    name,
    get state() {
      return turns.state
    },
    ...lifeOf(name, turns, places, doors),
    drain: (notice) => drain(notice, name, turns, doors),
    cut(what) {
      const error = what === 'connection' ? cutOff(name) : unauthenticated(name, 'the credentials of this link expired')
      doors.end([...doors.links.keys()], error)
    },
    delete: (channel) => places.delete(channel),
    revoke: (channel) => places.afflict(channel, 'forbidden'),
    permit: (channel) => places.afflict(channel, undefined),
    fault: (channel, what) => places.afflict(channel, what),
    cure: (channel) => places.afflict(channel, undefined),
    peek: (queue, limit) => places.peek(queue, limit),
    depths: () => places.depths(),
    counts: () => ({
      links: doors.links.size,
      channels: places.size,
      receptions: doors.beats.size,
      due: turns.agenda.size,
    }),
    connect: (dial, signal) => doors.connect(dial, signal),
  }
}

function lifeOf(
  name: string,
  turns: Turns,
  places: Places,
  doors: Doors,
): Pick<MemoryEngine, 'kill' | 'hang' | 'heal' | 'restart'> {
  const kill = (): void => {
    if (turns.state === 'dead') return
    turns.die()
    doors.end([...doors.links.keys()], killed(name))
    doors.refuseAll()
    places.empty()
    turns.empty()
  }
  return {
    kill,
    hang() {
      if (turns.state === 'running') turns.halt()
    },
    heal() {
      if (turns.state !== 'hung') return
      turns.resume()
      for (const reception of doors.beats.all()) reception.revive()
    },
    restart({ data }) {
      kill()
      if (data === 'wipe') places.wipe()
      else if (data !== 'keep') places.rollBack(data)
      turns.resume()
    },
  }
}

function drain(notice: DrainNotice, name: string, turns: Turns, doors: Doors): void {
  const leaving = [...doors.links.keys()]
  for (const link of leaving) link.drain(notice)
  if (notice.withinMs === undefined) return
  const error = new MessagingError('unavailable', `memory engine "${name}" was drained: ${notice.reason}`, {
    scope: 'link',
  })
  const item: Item = { due: 0, slot: -1, fire: () => doors.end(leaving, error) }
  turns.agenda.set(item, turns.now() + notice.withinMs)
  void Promise.all(leaving.map((link) => link.ended)).then(() => turns.agenda.remove(item))
}
