import { type Cancel, type Channel, MessagingError, type Outgoing, type SendOutcome } from '@spanwire/driver'

/** A batch under way and everything that was reported about it. */
export interface Sending {
  readonly outcomes: readonly (SendOutcome | undefined)[]
  /** Resolves when each message was reported. */
  readonly all: Promise<readonly SendOutcome[]>
  /** What the driver did that it must never do; the trial fails on any. At most 10 are kept. */
  readonly faults: readonly string[]
  reported(): number
  readonly cancel: Cancel
}

/** Sends and keeps book. `isOver`: the link has ended, after which no report of an earlier send may come. */
export function startSending(channel: Channel, batch: readonly Outgoing[], isOver: () => boolean): Sending {
  const outcomes: (SendOutcome | undefined)[] = batch.map(() => undefined)
  const book = newBook(outcomes, isOver)
  const cancel = channel.send(batch, book.report)
  return { outcomes, all: book.all, faults: book.faults, reported: book.reported, cancel }
}

function newBook(outcomes: (SendOutcome | undefined)[], isOver: () => boolean) {
  const faults: string[] = []
  const begunAfterTheEnd = isOver()
  let reported = 0
  let finish: (outcomes: readonly SendOutcome[]) => void = () => {}
  const all = new Promise<readonly SendOutcome[]>((resolve) => {
    finish = resolve
  })
  const blame = (fault: string) => {
    if (faults.length < 10) faults.push(fault)
  }
  const report = (index: number, outcome: SendOutcome) => {
    if (!(index in outcomes)) return blame(`there is no message ${index}, but it was reported`)
    if (outcomes[index] !== undefined) return blame(`message ${index} was reported twice`)
    if (isOver() && !begunAfterTheEnd) blame(`message ${index} was reported after the link had ended`)
    const wrong = wrongIn(outcome)
    if (wrong !== undefined) blame(`message ${index}: ${wrong}`)
    outcomes[index] = outcome
    reported += 1
    // Every index is filled by now: reported counts first reports only.
    if (reported === outcomes.length) finish(outcomes as readonly SendOutcome[])
  }
  return { all, faults, report, reported: () => reported }
}

function wrongIn(outcome: SendOutcome): string | undefined {
  switch (outcome.outcome) {
    case 'done':
      return undefined
    case 'refused':
    case 'unsent':
    case 'unknown':
      return MessagingError.is(outcome.error) ? undefined : `${outcome.outcome} comes without a MessagingError`
    default:
      outcome satisfies never
      return 'an outcome that does not exist'
  }
}

/** How many of each outcome, as text: `98 done, 2 refused`. */
export function tally(outcomes: readonly (SendOutcome | undefined)[]): string {
  const counts = new Map<string, number>()
  for (const one of outcomes) {
    const key = one?.outcome ?? 'unreported'
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts].map(([key, count]) => `${count} ${key}`).join(', ')
}

/** The indices that ended so. */
export function those(outcomes: readonly (SendOutcome | undefined)[], ...kinds: SendOutcome['outcome'][]): number[] {
  return outcomes.flatMap((one, index) => (one !== undefined && kinds.includes(one.outcome) ? [index] : []))
}
