import type { Carrier } from './carrier.js'
import type { Lane, Line } from './lane.js'
import type { Departure } from './message.js'
import type { Surroundings } from './surroundings.js'

/**
 * The routes changed: a lane goes where it belongs now, as planned and in order (R9). What is on its way ends first; where
 * its routes never lead any more nothing is handed over from here on (I9), also while no other site can be reached.
 */
export function rehome(lane: Lane, carrier: Carrier, around: Surroundings): void {
  const [first] = lane.lines
  // A lane that was never settled is when its next message leaves.
  if (first === undefined) return
  const { ack, sites } = around.choose(lane.key, undefined, first.site)
  if (ack !== undefined) spread(lane, sites, carrier)
  else if (lane.lines.length > 1) gather(lane, lane.lines.find(({ site }) => site === sites[0]) ?? first, carrier)
  lane.needed = ack === 'all' ? lane.lines.length : ack === 'majority' ? Math.floor(lane.lines.length / 2) + 1 : 1
  for (const departure of openOf(lane)) carrier.conclude(lane, departure)
  for (const line of lane.lines) {
    line.barred = !around.mayUse(line.site, lane.key)
    if (ack === undefined && line.site !== sites[0]) carrier.leave(lane, line)
    else carrier.stay(lane, line)
  }
}

/** A line to each of these sites; new ones carry all that is open. */
function spread(lane: Lane, sites: readonly string[], carrier: Carrier): void {
  if (sites.length === 0) return
  const open = openOf(lane)
  const there = new Set(lane.lines.map(({ site }) => site))
  const fresh = sites.filter((site) => !there.has(site)).map((site) => carrier.line(lane, site))
  for (const line of fresh) for (const departure of open) line.add(departure, departure.letter.seq > 0)
  const [gone, kept] = parted(lane, ({ site }) => sites.includes(site))
  lane.lines = [...kept, ...fresh]
  retire(lane, gone, carrier)
}

/** One line is left. */
function gather(lane: Lane, left: Line, carrier: Carrier): void {
  const [gone] = parted(lane, (line) => line === left)
  lane.lines = [left]
  retire(lane, gone, carrier)
}

/** Hands over nothing more; what is on its way there may still be acknowledged. */
function retire(lane: Lane, lines: readonly Line[], carrier: Carrier): void {
  for (const line of lines) {
    line.barred = true
    line.pause?.()
    for (const copy of line.copies.filter(({ at }) => at !== 'gone')) {
      // Nobody waits for what becomes of it: its deadline is for the lines that are left.
      if (copy.at === 'flying') copy.of.ambiguous = true
      carrier.giveUp(lane, line, copy)
    }
  }
}

function parted(lane: Lane, isKept: (line: Line) => boolean): readonly [gone: readonly Line[], kept: readonly Line[]] {
  return [lane.lines.filter((line) => !isKept(line)), lane.lines.filter(isKept)]
}

/** In seq order; what has no number yet stands last, in the order in which it came. */
function openOf(lane: Lane): readonly Departure[] {
  const place = ({ letter }: Departure): number => letter.seq || Infinity
  return [...new Set(lane.open())].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
}
