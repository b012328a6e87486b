import { channelError } from '@spanwire/driver/kit'

/** How far a reader has come: by partition the next offset; `undefined`: it says nothing of that one. */
export interface Position {
  /** Which log: {@link logOf}. */
  readonly log: string
  readonly offsets: readonly (number | undefined)[]
}

/** A topic that was made anew under the same name is another log. */
export function logOf(cluster: string, topicId: string | undefined): string {
  return `${cluster}/${topicId ?? ''}`
}

/** `log|7,,12`: partition 0 at 7, 1 unknown, 2 at 12. */
export function textOfPosition({ log, offsets }: Position): string {
  return `${log}|${offsets.map((offset) => offset ?? '').join(',')}`
}

/** Throws `conflict` for the text of another maker or log. */
export function parsePosition(position: string, log: string): Position {
  const [, made, list] = /^([^|]+)\|([\d,]*)$/.exec(position) ?? []
  if (made !== log || list === undefined) {
    const text = `The position ${position} is not of this log, which is ${log}: another cluster, or a topic that was made anew.`
    throw channelError('conflict', text, { retryable: false })
  }
  return { log, offsets: list.split(',').map((one) => (one === '' ? undefined : Number(one))) }
}
